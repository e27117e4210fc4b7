/** What the log says of a webhook endpoint: all but what opens or signs anything. */
import type { Database } from '../storage/database.ts'
import { findOrganisation } from '../storage/organisations.ts'
import { fingerprintOfSealed } from '../storage/seal.ts'
import type { Webhook, WebhookHome } from '../storage/webhooks.ts'
import { findEnvironmentGround, placeOf } from './environment-ground.ts'
import { snapshot } from './snapshot.ts'
import type { About, Context, EntryDraft, JsonObject } from './write.ts'

export type WebhookPlace = Pick<About, 'organisationId' | 'projectId' | 'environment'>

export const placeInOrganisation = (organisationId: number): WebhookPlace => ({
  organisationId,
  projectId: null,
  environment: null,
})

/** Undefined when what the endpoint hangs on is gone. */
export async function findWebhookPlace(
  db: Database,
  { organisationId, environmentId }: WebhookHome,
): Promise<WebhookPlace | undefined> {
  if (environmentId !== null) {
    const ground = await findEnvironmentGround(db, environmentId)
    return ground && placeOf(ground)
  }
  const organisation = await findOrganisation(db, organisationId)
  return organisation && placeInOrganisation(organisationId)
}

export const webhookEntry = (webhook: Webhook, place: WebhookPlace): About => ({
  ...place,
  resource: { type: 'WEBHOOK', id: String(webhook.id), uuid: null, name: webhook.url },
})

/** Whether it is signed, and whether it sends headers of its own, never with what. */
export const loggedWebhook = (webhook: Webhook): JsonObject => ({
  ...snapshot(webhook),
  signed: webhook.sealedSecret !== null,
  custom_headers: webhook.sealedHeaders !== null,
})

/** As it is before or after a change: also whether its secrets are the same as at another time. */
export async function fingerprintedWebhook(
  { secret }: Pick<Context, 'secret'>,
  webhook: Webhook,
): Promise<JsonObject> {
  const { organisationId, sealedSecret, sealedNextSecret } = webhook
  return {
    ...loggedWebhook(webhook),
    secret_fingerprint: await fingerprintOfSealed(secret, organisationId, sealedSecret),
    next_secret_fingerprint: await fingerprintOfSealed(secret, organisationId, sealedNextSecret),
  }
}

export const webhookDeleted = (webhook: Webhook, place: WebhookPlace): EntryDraft => ({
  ...webhookEntry(webhook, place),
  action: 'webhook.deleted',
  log: `Webhook deleted: ${webhook.url}`,
  before: loggedWebhook(webhook),
  after: null,
})
