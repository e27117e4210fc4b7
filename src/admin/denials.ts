/**
 * What was refused goes into the log of whom it concerns: requests of callers who lack a permission, keys
 * that have lapsed, logins. It happens behind the answer, which it neither delays nor changes, and never
 * tells what was sent: no body, no query, no path but the route's pattern.
 */
import type { MiddlewareHandler } from 'hono'
import { type CallerVariables, toActor } from '../auth/caller.ts'
import { attemptLimits, createAttemptLimit } from '../domain/attempt-limit.ts'
import type { Attempt } from '../domain/attempts.ts'
import { aboutOrganisationKey } from '../domain/organisation-keys.ts'
import type { Actor } from '../domain/write.ts'
import type { Base } from '../http/router.ts'
import { type AttemptOrder, instanceLedger, ledgerOf, recordAttempt } from '../ledger/client.ts'
import { logError, reasonOf } from '../log.ts'
import { type AdminContext, sourceOf } from './router.ts'

/** Of this isolate: the ledger is not even asked about what is left out here. */
const limit = createAttemptLimit(attemptLimits)

async function record(env: Base['Bindings'], order: AttemptOrder): Promise<void> {
  try {
    await recordAttempt(env, order)
  } catch (error) {
    const { ledger, input } = order
    logError('audit.attempt-lost', { ledger, error: reasonOf(error) })
    limit.leaveOut(ledger, input.unrecorded + 1)
  }
}

type Behind = AdminContext & { executionCtx: { waitUntil: (work: Promise<unknown>) => void } }

/** Who tried what; the thing's organisation, or the instance, is whose log it is. */
export function noteDenied(c: Behind, actor: Actor, attempt: Omit<Attempt, 'unrecorded'>): void {
  const { organisationId } = attempt.about
  const ledger = organisationId === null ? instanceLedger : ledgerOf(organisationId)
  if (!limit.admit({ ledger, actor: actor.id ?? actor.name }, Date.now())) return
  const input = { ...attempt, unrecorded: limit.takeLeftOut(ledger) }
  c.executionCtx.waitUntil(record(c.env, { ledger, actor, source: sourceOf(c), input }))
}

type Variables = Base['Variables'] & CallerVariables

/** Runs around every route. */
export const recordDenied: MiddlewareHandler<{
  Bindings: Base['Bindings']
  Variables: Variables
}> = async (c, next) => {
  await next()
  const { status } = c.res
  if (status < 400 || status >= 500) return
  const { caller, judged } = c.var
  const told = `Denied: ${c.req.method} ${c.req.routePath.replace(/\w$/, '$&/')}`
  const action = 'request.denied'
  if (caller.kind !== 'anonymous') {
    const { about, lacks } = judged
    if (about === undefined || lacks === undefined) return
    return noteDenied(c, toActor(caller), { action, about, log: `${told} needs ${lacks}` })
  }
  const key = caller.lapsed
  if (key === undefined || status !== 401) return
  const actor = toActor({ kind: 'organisation-key', key })
  const log = `${told} with ${key.revoked ? 'a revoked' : 'an expired'} key`
  noteDenied(c, actor, { action, about: aboutOrganisationKey(key), log })
}
