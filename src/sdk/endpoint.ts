/**
 * The frame of the endpoints that speak of identities: the key comes first, then the method, then the
 * handler; whatever is answered can be read by a page of any origin, and is never cached. It reads no
 * body and renders nothing.
 */
import type { Context } from 'hono'
import { onError } from '../http/boundary.ts'
import { refuse } from '../http/refuse.ts'
import type { Base } from '../http/router.ts'
import { contractVersion } from '../version.ts'
import { type Access, openDocument } from './access.ts'
import { corsHeaders } from './cors.ts'

export type SdkContext = Context<Base>

export type Handler = (c: SdkContext, access: Access) => Response | Promise<Response>

type Method = 'GET' | 'POST' | 'PUT'

/** On every answer. */
export const frameHeaders = {
  ...corsHeaders,
  'Cache-Control': 'max-age=0, no-cache, no-store, must-revalidate, private',
  'Flagsmith-Version': contractVersion,
  Vary: 'X-Environment-Key, Accept',
}

/** What every answer says of itself, refusals too (sdk-api §1.4). */
export function framed(response: Response): Response {
  for (const [name, value] of Object.entries(frameHeaders)) response.headers.set(name, value)
  return response
}

/** `OPTIONS` that is no preflight only asks what there is; `HEAD` is answered as `GET`. */
function refuseMethod(c: SdkContext, methods: string[]): Response {
  const Allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  if (c.req.method === 'OPTIONS') return new Response(null, { headers: { Allow } })
  return c.json({ detail: `Method "${c.req.method}" not allowed.` }, 405, { Allow })
}

async function answer(c: SdkContext, handlers: Map<string, Handler>): Promise<Response> {
  const access = await openDocument(c)
  if (access.kind !== 'ok') return refuse(c, access)
  const handler = handlers.get(c.req.method === 'HEAD' ? 'GET' : c.req.method)
  return handler === undefined ? refuseMethod(c, [...handlers.keys()]) : handler(c, access.value)
}

/** A browser must be able to read that the server failed, too. */
async function answerOrFail(c: SdkContext, handlers: Map<string, Handler>): Promise<Response> {
  try {
    return await answer(c, handlers)
  } catch (error) {
    return onError(error as Error, c)
  }
}

/**
 * One path with all its methods; others get 405, after authentication (contract sdk-api §1.2).
 * Preflights, which come before it, are not its business.
 */
export function endpoint(methods: Partial<Record<Method, Handler>>) {
  const handlers = new Map(Object.entries(methods))
  return async (c: SdkContext): Promise<Response> => {
    const response = await answerOrFail(c, handlers)
    // What was made with them, for speed, has them all.
    if (response.headers.has('Vary')) return response
    return framed(response)
  }
}

/** Finished JSON text. */
export const respond = (json: string, headers: Record<string, string> = {}): Response =>
  new Response(json, { headers: { 'Content-Type': 'application/json', ...headers } })

/** The last of equal names counts, as it does in forms. */
export const queryValue = (c: SdkContext, name: string): string | undefined =>
  c.req.queries(name)?.at(-1)
