/** What sending needs to know of the deliveries that are taken. Takes none, and opens nothing sealed. */
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { type OrganisationPromise, promiseTo } from './checkpoints.ts'
import type { Database } from './database.ts'
import { deliveries } from './deliveries.ts'
import { eventBodies, events } from './events.ts'
import { type HealthRow, webhookHealth } from './webhook-health.ts'
import { type Webhook, webhooks } from './webhooks.ts'

/** What one attempt needs to know, read in the transaction that took it. */
export type Assignment = {
  deliveryId: string
  /** Of all attempts; and of those since it was last replayed. */
  number: number
  round: number
  eventId: string
  body: string
  environmentId: number | null
  sequence: number
  webhookId: number
  ordered: boolean
  url: string
  sealed: Pick<Webhook, 'sealedSecret' | 'sealedNextSecret' | 'sealedPrivateKey' | 'sealedHeaders'>
  /** What the log of the event's organisation has promised by now. */
  promised: OrganisationPromise | null
  health: HealthRow | null
}

const { webhookId: _, ...healthColumns } = getTableColumns(webhookHealth)

/** No two columns of one name: D1 would return one of them. */
export const readAssignments = (db: Database, where: SQL) =>
  db
    .select({
      deliveryId: deliveries.id,
      number: deliveries.attempts,
      round: sql<number>`${deliveries.attempts} - ${deliveries.earlierAttempts}`.as('round'),
      leasedUntil: deliveries.leasedUntil,
      eventId: deliveries.eventId,
      body: eventBodies.body,
      environmentId: deliveries.environmentId,
      // Only what is not sent has none.
      sequence: sql<number>`${deliveries.sequence}`.as('sequence'),
      webhookId: deliveries.webhookId,
      ordered: webhooks.ordered,
      url: webhooks.url,
      sealedSecret: webhooks.sealedSecret,
      sealedNextSecret: webhooks.sealedNextSecret,
      sealedPrivateKey: webhooks.sealedPrivateKey,
      sealedHeaders: webhooks.sealedHeaders,
      promised: promiseTo(events.organisationId).as('promised'),
      ...healthColumns,
    })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(webhooks, eq(webhooks.id, deliveries.webhookId))
    .innerJoin(
      eventBodies,
      and(eq(eventBodies.eventId, events.id), eq(eventBodies.format, deliveries.format)),
    )
    .leftJoin(webhookHealth, eq(webhookHealth.webhookId, deliveries.webhookId))
    .where(where)

export type AssignmentRow = Awaited<ReturnType<typeof readAssignments>>[number]

function toHealth(row: AssignmentRow): HealthRow | null {
  const { webhookId, revision, breakerState, consecutiveFailures } = row
  if (revision === null || breakerState === null || consecutiveFailures === null) return null
  const { lastStatus, lastSuccessAt, lastFailureAt, failingSince, breakerUntil, goneAt } = row
  const times = { lastSuccessAt, lastFailureAt, failingSince, breakerUntil, goneAt }
  return { webhookId, revision, lastStatus, breakerState, consecutiveFailures, ...times }
}

export function toAssignment(row: AssignmentRow): Assignment {
  const { deliveryId, number, round, eventId, body, environmentId, sequence } = row
  const { webhookId, ordered, url, promised } = row
  const { sealedSecret, sealedNextSecret, sealedPrivateKey, sealedHeaders } = row
  return {
    ...{ deliveryId, number, round, eventId, body, environmentId, sequence },
    ...{ webhookId, ordered, url, promised },
    sealed: { sealedSecret, sealedNextSecret, sealedPrivateKey, sealedHeaders },
    health: toHealth(row),
  }
}
