/**
 * Request bodies of the SDK endpoints: JSON, form and multipart, at most a megabyte, measured while it
 * streams. It answers the parsed data or the refusal (contract sdk-api §1.2); it knows no field.
 */
import { boundedBody, maxBodyBytes } from '../http/boundary.ts'
import type { SdkContext } from './endpoint.ts'
import { readForm } from './form.ts'
import { parseJson } from './json.ts'

const badRequest = (c: SdkContext, detail: string) => c.json({ detail }, 400)

const nothing = async () => undefined

/** The length a body that may be read at once was announced with; others are measured. */
function announced(c: SdkContext): number | undefined {
  const length = c.req.header('Content-Length')
  if (length === undefined || c.req.header('Transfer-Encoding') !== undefined) return undefined
  return Number(length) <= maxBodyBytes ? Number(length) : undefined
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const encoder = new TextEncoder()

/** What the runtime puts in the place of bytes that are no UTF-8. */
const replacement = '\ufffd'

/** The body as text, for which the runtime has the cheapest way; throws for what is no UTF-8. */
async function readText({ raw }: SdkContext['req'], length: number | undefined): Promise<string> {
  if (length === undefined) return strict.decode(await raw.arrayBuffer())
  const text = await raw.text()
  // A replacement character that was sent is as long as the three bytes it was sent as.
  if (text.includes(replacement) && encoder.encode(text).length !== length) {
    throw new SyntaxError('no UTF-8')
  }
  return text
}

async function readJson(c: SdkContext, length: number | undefined): Promise<unknown> {
  try {
    const text = await readText(c.req, length)
    return text === '' ? {} : parseJson(text)
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
    return badRequest(c, 'JSON parse error - the body is not valid JSON.')
  }
}

async function readMultipart(c: SdkContext, bytes: ArrayBuffer, type: string): Promise<unknown> {
  try {
    const form = await new Response(bytes, { headers: { 'Content-Type': type } }).formData()
    return readForm(form)
  } catch {
    return badRequest(c, 'Multipart form parse error - the body is not valid multipart.')
  }
}

/** The data, `{}` for an empty body; a Response is a refusal. */
export async function readBody(c: SdkContext): Promise<unknown> {
  const length = announced(c)
  const refusal = length === undefined ? await boundedBody(c, nothing) : undefined
  if (refusal instanceof Response) return refusal
  const type = c.req.header('Content-Type') ?? ''
  const name = type.split(';', 1)[0]?.trim().toLowerCase()
  if (name === 'application/json') return readJson(c, length)
  const bytes = await c.req.raw.arrayBuffer()
  if (bytes.byteLength === 0) return {}
  switch (name) {
    case 'application/x-www-form-urlencoded':
      return readForm(new URLSearchParams(new TextDecoder().decode(bytes)))
    case 'multipart/form-data':
      return readMultipart(c, bytes, type)
    default:
      return c.json({ detail: `Unsupported media type "${type}" in request.` }, 415)
  }
}
