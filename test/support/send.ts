/** One request through the Worker's front door, exactly as it is given. The path begins with `/`. */
import { exports } from 'cloudflare:workers'

export type Sent = { status: number; text: string; headers: Headers }

/** A text is sent as it is, anything else as JSON. */
export async function send(
  method: string,
  path: string,
  { body, auth, headers }: { body?: unknown; auth?: string; headers?: Record<string, string> } = {},
): Promise<Sent> {
  const all = new Headers({ 'Content-Type': 'application/json', ...headers })
  if (auth !== undefined) all.set('Authorization', auth)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await exports.default.fetch(
    new Request(`http://localhost${path}`, {
      method,
      headers: all,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: text }),
    }),
  )
  return {
    status: response.status,
    // Some files are no text by their type: their bytes are read as it all the same.
    text: new TextDecoder().decode(await response.arrayBuffer()),
    headers: response.headers,
  }
}
