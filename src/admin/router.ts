/** What every admin resource shares: its router's type, and the way a write reaches its ledger. */
import { type Caller, type CallerVariables, toActor } from '../auth/caller.ts'
import type { InputOf, ResultOf, WriteName } from '../domain/register.ts'
import type { Source } from '../domain/write.ts'
import type { Env } from '../env.ts'
import { createRouter } from '../http/router.ts'
import { commit, ledgerOf } from '../ledger/client.ts'
import type { Outcome } from '../outcome.ts'

export const createAdminRouter = () => createRouter<CallerVariables>()

/** The part of a request's context that a write needs, whatever its route's guards have added. */
export type AdminContext = {
  env: Env
  var: { caller: Caller; requestId: string }
  req: { header: (name: string) => string | undefined }
}

export const sourceOf = (c: AdminContext): Source => ({
  requestId: c.var.requestId,
  ip: c.req.header('CF-Connecting-IP') ?? null,
  userAgent: c.req.header('User-Agent')?.slice(0, 500) ?? null,
})

/** Hands a write to an organisation's ledger on behalf of the caller. */
export const commitFor = <N extends WriteName>(
  c: AdminContext,
  organisationId: number,
  order: { write: N; input: InputOf<N> },
): Promise<Outcome<ResultOf<N>>> =>
  commit(c.env, {
    ...order,
    ledger: ledgerOf(organisationId),
    actor: toActor(c.var.caller),
    source: sourceOf(c),
  })
