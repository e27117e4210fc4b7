/**
 * The OpenAPI 3.1 description of the whole API, generated from the schemas that the routes
 * themselves validate with, and the same as a page that people can read.
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import { type Described, descriptionPage, type Operation } from './http/description-page.ts'
import type { Base } from './http/router.ts'
import { burgeeVersion } from './version.ts'

const info = {
  title: 'Burgee',
  version: burgeeVersion,
  description:
    'A feature-flag server that speaks the wire contract of Flagsmith and OpenFeature (OFREP). ' +
    'Every path answers with and without its trailing slash.',
}

const schemes = {
  EnvironmentKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Environment-Key',
    description: 'A client-side or server-side key of an environment.',
  },
  Authorization: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`Token …` of a user or `Api-Key …` of an organisation.',
  },
} as const

/** A path's own parameters are text unless its route says more of them. */
function withPathParameters(path: string, operation: Operation): Operation {
  const told = new Set(operation.parameters?.map((parameter) => parameter.name))
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const added = names
    .filter((name) => !told.has(name))
    .map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  return { ...operation, parameters: [...(operation.parameters ?? []), ...added] }
}

/** One document of several apps: each knows its own routes. */
function describe(apps: OpenAPIHono<Base>[]): Described {
  const all = new OpenAPIHono<Base>()
  for (const app of apps) all.route('/', app)
  for (const [name, scheme] of Object.entries(schemes)) {
    all.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  }
  const document = all.getOpenAPI31Document({ openapi: '3.1.0', info }) as unknown as Described
  const paths = Object.entries(document.paths).map(([path, operations]) => {
    const told = Object.entries(operations).map(([method, operation]) => [
      method,
      withPathParameters(path, operation),
    ])
    return [path, Object.fromEntries(told)]
  })
  return { ...document, paths: Object.fromEntries(paths) }
}

/** `GET /api/v1/swagger.json` and the page `GET /api/v1/docs/`; both public. */
export function mountDescription(app: OpenAPIHono<Base>, described: OpenAPIHono<Base>[]): void {
  let document: Described | undefined
  const once = () => {
    document ??= describe(described)
    return document
  }
  app.get('/api/v1/swagger.json', (c) => c.json(once()))
  app.get('/api/v1/docs', (c) => c.html(descriptionPage(once())))
}
