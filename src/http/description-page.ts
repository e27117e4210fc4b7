/** An OpenAPI document as one page of HTML: no scripts, no foreign origins. */
import { html, raw } from 'hono/html'

type Schema = { [key: string]: unknown }
export type Operation = {
  summary?: string
  description?: string
  parameters?: { name: string }[]
  requestBody?: unknown
  responses?: Record<
    string,
    { description?: string; content?: Record<string, { schema?: unknown }> }
  >
}
export type Described = {
  info: { title: string; version: string; description?: string }
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

const styles = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{background:#f4f4f4;padding:.8rem;overflow:auto}
h2{margin-top:2rem;border-top:1px solid #ddd;padding-top:1rem}summary{cursor:pointer}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}pre{background:#1c1c1c}}`

const details = (title: string, value: unknown) =>
  value === undefined
    ? ''
    : html`<details><summary>${title}</summary><pre>${JSON.stringify(value, null, 2)}</pre></details>`

const operation = (path: string, method: string, told: Operation) => html`
<h2><code>${method.toUpperCase()} ${path}/</code></h2>
<p>${told.summary ?? ''} ${told.description ?? ''}</p>
${details('Parameters', told.parameters)} ${details('Body', told.requestBody)}
${Object.entries(told.responses ?? {}).map(([status, response]) =>
  details(
    `${status} ${response.description ?? ''}`,
    response.content?.['application/json']?.schema ?? null,
  ),
)}`

/** Every operation in the order of its path, then the schemas they name. */
export function descriptionPage(document: Described) {
  const paths = Object.entries(document.paths).sort(([a], [b]) => (a < b ? -1 : 1))
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${document.info.title} API</title><style>${raw(styles)}</style></head><body>
<h1>${document.info.title} ${document.info.version}</h1>
<p>${document.info.description ?? ''} The same as data: <a href="../swagger.json">swagger.json</a>.</p>
${paths.flatMap(([path, operations]) =>
  methods.flatMap((method) => {
    const told = operations[method]
    return told === undefined ? [] : [operation(path, method, told)]
  }),
)}
<h2>Schemas</h2>
${Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => details(name, schema))}
</body></html>`
}
