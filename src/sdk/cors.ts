/** CORS of the SDK endpoints: any origin, no credentials, before authentication. Contract sdk-api §1.5. */
import type { MiddlewareHandler } from 'hono'

export const corsHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After, ETag, X-Flagsmith-Document-Updated-At',
}

const allowedHeaders = [
  'accept',
  'accept-encoding',
  'authorization',
  'content-type',
  'dnt',
  'origin',
  'user-agent',
  'x-csrftoken',
  'x-requested-with',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'baggage',
  'x-environment-key',
  'x-e2e-test-auth-token',
  'flagsmith-application-name',
  'flagsmith-application-version',
  'flagsmith-sdk-user-agent',
].join(', ')

const preflightHeaders = {
  ...corsHeaders,
  'Access-Control-Allow-Methods': 'DELETE, GET, OPTIONS, PATCH, POST, PUT',
  'Access-Control-Allow-Headers': allowedHeaders,
  'Access-Control-Max-Age': '86400',
  'Content-Length': '0',
}

export const cors: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') !== undefined) {
    return new Response(null, { status: 200, headers: preflightHeaders })
  }
  await next()
  for (const [name, value] of Object.entries(corsHeaders)) c.res.headers.set(name, value)
  return undefined
}
