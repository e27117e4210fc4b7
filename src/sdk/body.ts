/**
 * Request bodies of the SDK endpoints: JSON, form and multipart, at most a megabyte, measured while it
 * streams. It answers the parsed data or the refusal (contract sdk-api §1.2); it knows no field.
 */
import { boundedBody } from '../http/boundary.ts'
import type { SdkContext } from './endpoint.ts'
import { readForm } from './form.ts'
import { parseJson } from './json.ts'

const nothing = async () => undefined

/** Invalid UTF-8 is an error, and a byte order mark is no part of JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const badRequest = (c: SdkContext, detail: string) => c.json({ detail }, 400)

function readJson(c: SdkContext, bytes: ArrayBuffer): unknown {
  try {
    return parseJson(decoder.decode(bytes))
  } catch {
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
  const refusal = await boundedBody(c, nothing)
  if (refusal instanceof Response) return refusal
  const bytes = await c.req.raw.arrayBuffer()
  if (bytes.byteLength === 0) return {}
  const type = c.req.header('Content-Type') ?? ''
  switch (type.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/json':
      return readJson(c, bytes)
    case 'application/x-www-form-urlencoded':
      return readForm(new URLSearchParams(new TextDecoder().decode(bytes)))
    case 'multipart/form-data':
      return readMultipart(c, bytes, type)
    default:
      return c.json({ detail: `Unsupported media type "${type}" in request.` }, 415)
  }
}
