/**
 * What surrounds every request: a request id, the version header, a bounded body, one log line, and
 * the place where surprises end as a 500 that tells the caller what to quote.
 */
import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { logError, logInfo, reasonOf } from '../log.ts'
import { contractVersion } from '../version.ts'
import type { Base } from './router.ts'

export const maxBodyBytes = 1_000_000

export const boundary: MiddlewareHandler<Base> = async (c, next) => {
  const started = Date.now()
  c.set('requestId', crypto.randomUUID())
  await next()
  c.res.headers.set('Flagsmith-Version', contractVersion)
  c.res.headers.set('X-Request-Id', c.var.requestId)
  logInfo('request', {
    request_id: c.var.requestId,
    method: c.req.method,
    // The matched pattern, not the path: paths carry keys.
    route: c.req.routePath,
    status: c.res.status,
    ms: Date.now() - started,
  })
}

export const noStore: MiddlewareHandler = async (c, next) => {
  await next()
  c.res.headers.set('Cache-Control', 'max-age=0, no-cache, no-store, must-revalidate, private')
}

/** Counts what arrives, also without a length: what is too large is not read to its end. */
export const bodyOfAtMost = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: (c) =>
      c.json({ detail: `Request body is larger than the ${maxSize} bytes allowed.` }, 413),
  })

export const boundedBody = bodyOfAtMost(maxBodyBytes)

const fail = (c: Context<Base>, error: unknown) => {
  // Serving gives ids to what fails only.
  const request_id = c.var.requestId ?? crypto.randomUUID()
  logError('request.failed', { request_id, error: reasonOf(error) })
  const detail = `The server failed on this request. Retry it; if it fails again, quote request id ${request_id}.`
  return c.json({ detail, request_id }, 500)
}

export const onError: ErrorHandler<Base> = (error, c) => {
  if (error instanceof HTTPException && error.status === 400) {
    return c.json({ detail: 'JSON parse error - the body is not valid JSON.' }, 400)
  }
  if (error instanceof HTTPException && error.status === 415) {
    const type = c.req.header('Content-Type') ?? ''
    return c.json({ detail: `Unsupported media type "${type}" in request.` }, 415)
  }
  if (error instanceof HTTPException) return c.json({ detail: error.message }, error.status)
  return fail(c as Context<Base>, error)
}

/** A path that is there, with another method than those. */
export const refuseMethod = (c: Context, allowed: string[]) =>
  c.json({ detail: `Method "${c.req.method}" not allowed.` }, 405, { Allow: allowed.join(', ') })

export const onNotFound: NotFoundHandler = (c) => c.json({ detail: 'Not found.' }, 404)
