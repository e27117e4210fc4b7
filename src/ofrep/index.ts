/**
 * OpenFeature's remote evaluation protocol (OFREP) on the published document and the engine. It
 * writes nothing. CORS stands before authentication, so that a browser can read a refusal.
 */
import type { Context } from 'hono'
import { type Base, createRouter } from '../http/router.ts'
import { logError, reasonOf } from '../log.ts'
import { openDocument } from './access.ts'
import { bulkFor, isNamed } from './bulk.ts'
import { readContext } from './context.ts'
import { cors } from './cors.ts'
import { evaluateOne, mayServe } from './evaluate.ts'
import { fail, flagNotFound, refuse } from './failure.ts'
import { evaluateFlag, evaluateFlags } from './routes.ts'
import { subjectOf } from './subject.ts'

export const ofrepRoutes = createRouter()

ofrepRoutes.openAPIRegistry.registerPath(evaluateFlag)
ofrepRoutes.openAPIRegistry.registerPath(evaluateFlags)

/** Names may hold slashes: providers do not all escape them. */
const keyOf = (c: Context<Base>): string | undefined => c.req.param('key')

const json = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

ofrepRoutes.use('/evaluate/*', cors)

/**
 * `POST /ofrep/v1/evaluate/flags/{key}`: `{context?: {targetingKey?, …}}` → 200
 * `{key, reason, variant?, metadata, value?}`. 400 `{key, errorCode, errorDetails}` with PARSE_ERROR
 * or INVALID_CONTEXT, 404 with FLAG_NOT_FOUND, 500 with GENERAL; 401 and 403 `{errorDetails}`. OFREP
 * OpenAPI, "evaluateFlag".
 */
ofrepRoutes.post('/evaluate/flags/:key{.+}', async (c) => {
  const access = await openDocument(c)
  if ('status' in access) return refuse(access)
  const key = keyOf(c) ?? ''
  const context = await readContext(c.req.raw)
  if ('errorCode' in context) return fail(context, key)
  if (!mayServe(access, key)) return fail(flagNotFound, key)
  const identity = await subjectOf(c.env, access, context)
  const body = evaluateOne(access, key, identity)
  return body === undefined ? fail(flagNotFound, key) : new Response(body, { headers: json })
})

/**
 * `POST /ofrep/v1/evaluate/flags`: the same body → 200 `{flags: […]}` with an ETag, or 304 without a
 * body when If-None-Match names it. 400 and 500 `{errorCode, errorDetails}`; 401 and 403
 * `{errorDetails}`. OFREP OpenAPI, "evaluateFlagsBulk".
 */
ofrepRoutes.post('/evaluate/flags', async (c) => {
  const access = await openDocument(c)
  if ('status' in access) return refuse(access)
  const context = await readContext(c.req.raw)
  if ('errorCode' in context) return fail(context)
  const identity = await subjectOf(c.env, access, context)
  const { body, tag } = await bulkFor(access, identity)
  return isNamed(tag, c.req.header('If-None-Match'))
    ? new Response(null, { status: 304, headers: { ETag: tag } })
    : new Response(body, { headers: { ...json, ETag: tag } })
})

ofrepRoutes.onError((error, c) => {
  logError('ofrep.failed', { error: reasonOf(error) })
  const errorDetails = 'The server failed on this evaluation. Retry it.'
  return fail({ errorCode: 'GENERAL', errorDetails }, keyOf(c))
})
