/**
 * Composes the Hono apps. Serving and administration are two of them: a router that knows only the
 * few serving paths finds them faster, and nothing of administration runs before it.
 */
import { adminApps } from './admin/index.ts'
import { mountDescription } from './description.ts'
import type { Env } from './env.ts'
import { boundary, onError, onNotFound, refuseMethod } from './http/boundary.ts'
import { createRouter } from './http/router.ts'
import { ofrepRoutes } from './ofrep/index.ts'
import { answerAtOnce } from './sdk/at-once.ts'
import { sdkRoutes, sdkV2Routes } from './sdk/index.ts'
import { systemRoutes } from './system.ts'

export const serving = createRouter()
export const administration = createRouter()

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Middleware is there for any method: what is more than that is a route. */
function methodsAt(path: string): string[] {
  const handlersOf = (method: string) => administration.router.match(method, path)[0].length
  const middleware = handlersOf('NONE')
  return methods.filter((method) => handlersOf(method) > middleware)
}

serving.onError(onError)
serving.route('/api/v1', sdkRoutes)
serving.route('/api/v2', sdkV2Routes)
serving.route('/ofrep/v1', ofrepRoutes)
serving.notFound((c) => administration.fetch(c.req.raw, c.env, c.executionCtx))

administration.onError(onError)
administration.notFound((c) => {
  const allowed = methodsAt(c.req.path)
  return allowed.length === 0 ? onNotFound(c) : refuseMethod(c, allowed)
})
administration.use(boundary)
administration.route('/', systemRoutes)
for (const [base, routes] of Object.entries(adminApps)) administration.route(base, routes)
mountDescription(administration, [serving, administration])

/** What the isolate holds ready is answered before any routing; the rest goes through the routes. */
export const serve: ExportedHandlerFetchHandler<Env> = (request, env, context) =>
  answerAtOnce(request) ?? serving.fetch(request, env, context)
