/** What is to be told of an endpoint that the system switched off: where it stands and how it fared. */
import { eq } from 'drizzle-orm'
import type { Database } from './database.ts'
import { environments } from './environments.ts'
import { organisations } from './organisations.ts'
import { projects } from './projects.ts'
import { webhookHealth } from './webhook-health.ts'
import { type DisabledReason, webhooks } from './webhooks.ts'

export type DisabledWebhook = {
  id: number
  url: string
  reason: DisabledReason
  /** Of the last answer; null: there was none. */
  lastStatus: number | null
  failingSince: number | null
  organisation: { id: number; name: string; notificationEmail: string | null }
  /** Null: it is the organisation's own. */
  environment: { name: string; apiKey: string; project: string } | null
}

/** Undefined when it is gone, on again, or was switched off by somebody. */
export async function findDisabledWebhook(
  db: Database,
  id: number,
): Promise<DisabledWebhook | undefined> {
  const [row] = await db
    .select({
      id: webhooks.id,
      url: webhooks.url,
      reason: webhooks.disabledReason,
      lastStatus: webhookHealth.lastStatus,
      failingSince: webhookHealth.failingSince,
      organisation: {
        id: organisations.id,
        name: organisations.name,
        notificationEmail: organisations.webhookNotificationEmail,
      },
      environmentName: environments.name,
      apiKey: environments.apiKey,
      project: projects.name,
    })
    .from(webhooks)
    .innerJoin(organisations, eq(organisations.id, webhooks.organisationId))
    .leftJoin(webhookHealth, eq(webhookHealth.webhookId, webhooks.id))
    .leftJoin(environments, eq(environments.id, webhooks.environmentId))
    .leftJoin(projects, eq(projects.id, environments.projectId))
    .where(eq(webhooks.id, id))
    .limit(1)
  // Whoever switches it on again takes the reason away.
  if (row === undefined || row.reason === null) return undefined
  const { environmentName: name, apiKey, project, reason, ...rest } = row
  const isOfEnvironment = name !== null && apiKey !== null && project !== null
  return { ...rest, reason, environment: isOfEnvironment ? { name, apiKey, project } : null }
}
