/** How the cron hands a write to an organisation's ledger: as the system, on nobody's behalf. */
import type { InputOf, WriteName } from '../domain/register.ts'
import type { Env } from '../env.ts'
import { commit, ledgerOf } from './client.ts'

export const commitAsSystem = <N extends WriteName>(
  env: Env,
  organisationId: number,
  order: { write: N; input: InputOf<N> },
) =>
  commit<N>(env, {
    ...order,
    ledger: ledgerOf(organisationId),
    actor: { kind: 'system', id: null, credential: null, name: '' },
    source: { requestId: crypto.randomUUID(), ip: null, userAgent: null },
  })
