/** CORS of what browsers call: any origin, no credentials, before authentication. */
import type { MiddlewareHandler } from 'hono'
import { contractVersion } from '../version.ts'

export type Sharing = {
  /** Request methods and headers that a page of another origin may use. */
  methods: string[]
  headers: string[]
  /** Response headers that it may read. */
  exposed: string[]
}

export const sharedHeaders = ({ exposed }: Sharing) => ({
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': exposed.join(', '),
})

export function shareAcrossOrigins(sharing: Sharing): MiddlewareHandler {
  const shared = Object.entries(sharedHeaders(sharing))
  const preflight = {
    ...Object.fromEntries(shared),
    'Access-Control-Allow-Methods': sharing.methods.join(', '),
    'Access-Control-Allow-Headers': sharing.headers.join(', '),
    'Access-Control-Max-Age': '86400',
    'Flagsmith-Version': contractVersion,
    'Content-Length': '0',
  }
  return async (c, next) => {
    if (c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined) {
      return new Response(null, { status: 200, headers: preflight })
    }
    await next()
    for (const [name, value] of shared) c.res.headers.set(name, value)
    return undefined
  }
}
