/**
 * The logs that there are, and who may read which: an organisation's, for its administrators and keys; the
 * instance's, for superusers. The routes are written once and mounted below the path of each.
 */
import { createMiddleware } from 'hono/factory'
import { accessToInstance } from '../auth/access.ts'
import type { CallerVariables } from '../auth/caller.ts'
import { organisationInPath } from '../auth/require.ts'
import { refuse } from '../http/refuse.ts'
import type { Base } from '../http/router.ts'
import { instanceLog, type Log as ProvenLog, logOf as provenLogOf } from '../ledger/proofs.ts'
import { type Outcome, ok } from '../outcome.ts'
import type { Log } from '../storage/audit-filters.ts'

/** How it is searched, and how it is proven. */
export type AuditLog = Log & ProvenLog

type Variables = Base['Variables'] & CallerVariables & { log: AuditLog }

export const pathsOfLogs = ['/organisations/:organisation/audit', '/instance/audit']

async function logInPath(c: Parameters<typeof organisationInPath>[0]): Promise<Outcome<AuditLog>> {
  if (c.req.param('organisation') === undefined) {
    const access = accessToInstance(c)
    return access.kind === 'ok' ? ok({ ...instanceLog, organisationId: null }) : access
  }
  const access = await organisationInPath(c, 'ADMINISTER_ORGANISATION')
  if (access.kind !== 'ok') return access
  const { organisation } = access.value
  return ok({ ...provenLogOf(organisation), organisationId: organisation.id })
}

/** The log that the path names. A path that names no organisation means the instance's. */
export const requireLog = createMiddleware<{ Bindings: Base['Bindings']; Variables: Variables }>(
  async (c, next) => {
    const log = await logInPath(c)
    if (log.kind !== 'ok') return refuse(c, log)
    c.set('log', log.value)
    return await next()
  },
)
