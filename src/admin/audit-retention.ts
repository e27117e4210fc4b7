/**
 * `organisations/{organisation}/audit/retention/`: how long the entries of an organisation's log are kept
 * (contract audit-and-webhooks §8.8), and what is answered about those that are pruned.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireOrganisation } from '../auth/require.ts'
import { daysKept, floorDaysOf } from '../domain/audit-retention.ts'
import type { Env } from '../env.ts'
import { int } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { ledgerOf } from '../ledger/client.ts'
import { notFound, type Refusal } from '../outcome.ts'
import { findPrunedThrough } from '../storage/audit-retention.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import type { Organisation } from '../storage/organisations.ts'
import { commitFor, createAdminRouter } from './router.ts'

/** An entry that was pruned is missing for a reason, and still proven. */
export async function notInLog(db: Database, ledger: string, sequence: number): Promise<Refusal> {
  const through = await findPrunedThrough(db, ledger)
  if (sequence < 1 || sequence > through) return notFound()
  return notFound(
    `Entry ${sequence} is pruned: the log keeps the entries from ${through + 1} on. An inclusion proof still tells its hash.`,
  )
}

const retentionSchema = z
  .object({ days: z.int(), floor: z.int(), pruned_through: z.int() })
  .openapi('AuditRetention')

async function retentionView(
  env: Env,
  { id, auditRetentionDays }: Pick<Organisation, 'id' | 'auditRetentionDays'>,
): Promise<z.infer<typeof retentionSchema>> {
  const floor = floorDaysOf(env.AUDIT_RETENTION_FLOOR_DAYS)
  const through = await findPrunedThrough(openDatabase(env.DB), ledgerOf(id))
  return { days: daysKept(auditRetentionDays, floor), floor, pruned_through: through }
}

const path = '/organisations/{organisation}/audit/retention'
const guard = requireOrganisation('ADMINISTER_ORGANISATION')

export const auditRetentionRoutes = createAdminRouter()

/** `pruned_through` is the last entry that is gone; 0 while all are there. */
auditRetentionRoutes.openapi(
  createRoute({
    method: 'get',
    path,
    middleware: [guard] as const,
    responses: answers({ 200: retentionSchema }),
  }),
  async (c) => c.json(await retentionView(c.env, c.var.organisation), 200),
)

/** What is no longer kept goes with the next cron, and does not come back. */
auditRetentionRoutes.openapi(
  createRoute({
    method: 'put',
    path,
    middleware: [guard] as const,
    request: { body: jsonBody(z.object({ days: int(0, 100_000) })) },
    responses: answers({ 200: retentionSchema }),
  }),
  async (c) => {
    const { id } = c.var.organisation
    const { days } = c.req.valid('json')
    const floorDays = floorDaysOf(c.env.AUDIT_RETENTION_FLOOR_DAYS)
    const outcome = await commitFor(c, id, {
      write: 'audit.set-retention',
      input: { organisationId: id, days, floorDays },
    })
    if (outcome.kind !== 'ok') return refuse(c, outcome)
    return c.json(await retentionView(c.env, { id, auditRetentionDays: outcome.value.days }), 200)
  },
)
