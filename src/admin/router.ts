/** What every admin resource shares: its router's type, and the way a write reaches its ledger. */
import { type Caller, type CallerVariables, toActor } from '../auth/caller.ts'
import type { InputOf, ResultOf, WriteName } from '../domain/register.ts'
import type { Source } from '../domain/write.ts'
import type { Env } from '../env.ts'
import { etagOf, readIfMatch } from '../http/preconditions.ts'
import { createRouter } from '../http/router.ts'
import { type Committed, commitVersioned, ledgerOf } from '../ledger/client.ts'
import { type Outcome, ok } from '../outcome.ts'

export const createAdminRouter = () => createRouter<CallerVariables>()

/** The part of a request's context that a write needs, whatever its route's guards have added. */
export type AdminContext = {
  env: Env
  var: { caller: Caller; requestId: string }
  req: { header: (name: string) => string | undefined }
  /** Sets a header of the response to come. */
  header: (name: string, value: string) => void
}

export const sourceOf = (c: AdminContext): Source => ({
  requestId: c.var.requestId,
  ip: c.req.header('CF-Connecting-IP') ?? null,
  userAgent: c.req.header('User-Agent')?.slice(0, 500) ?? null,
})

/**
 * Hands a write to an organisation's ledger on behalf of the caller. With If-Match it is made only if
 * the features it is about are still at one of these versions; an answer about one feature carries
 * its new version as ETag.
 */
export async function commitChange<N extends WriteName>(
  c: AdminContext,
  organisationId: number,
  order: { write: N; input: InputOf<N> },
): Promise<Outcome<Committed<ResultOf<N>>>> {
  const ifMatch = readIfMatch(c.req.header('If-Match'))
  if (ifMatch.kind !== 'ok') return ifMatch
  const outcome = await commitVersioned<N>(c.env, {
    ...order,
    ledger: ledgerOf(organisationId),
    actor: toActor(c.var.caller),
    source: sourceOf(c),
    ifMatch: ifMatch.value,
  })
  if (outcome.kind !== 'ok') return outcome
  const { features } = outcome.value
  const [feature] = features
  if (feature !== undefined && features.length === 1) {
    for (const [name, value] of Object.entries(etagOf(feature.version))) c.header(name, value)
  }
  return outcome
}

/** The same for whoever does not care which change it was. */
export async function commitFor<N extends WriteName>(
  ...asked: Parameters<typeof commitChange<N>>
): Promise<Outcome<ResultOf<N>>> {
  const outcome = await commitChange<N>(...asked)
  return outcome.kind === 'ok' ? ok(outcome.value.result) : outcome
}
