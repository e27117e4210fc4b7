/**
 * The rules of webhook endpoints. A secret arrives sealed and never reaches the log: an entry only
 * says whether deliveries are signed, and by its fingerprint whether with the same secret. The URL was checked by the request that brought it.
 */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import { fingerprintOfSealed } from '../storage/seal.ts'
import { findWebhook, type Webhook, webhooks } from '../storage/webhooks.ts'
import { type EnvironmentGround, findEnvironmentGround, placeOf } from './environment-ground.ts'
import { changed, snapshot } from './snapshot.ts'
import {
  type About,
  type Context,
  type EntryDraft,
  type JsonObject,
  nothingToDo,
  type Write,
} from './write.ts'

export type WebhookSettings = { url: string; enabled: boolean; sealedSecret: string | null }

const entryOf = (webhook: Webhook, ground: EnvironmentGround): About => ({
  ...placeOf(ground),
  resource: { type: 'WEBHOOK', id: String(webhook.id), uuid: null, name: webhook.url },
})

const logged = (webhook: Webhook): JsonObject => ({
  ...snapshot(webhook),
  signed: webhook.sealedSecret !== null,
})

/** As it is after a change, or was before it. */
const loggedWithSecret = async (
  { secret }: Pick<Context, 'secret'>,
  ground: EnvironmentGround,
  webhook: Webhook,
): Promise<JsonObject> => ({
  ...logged(webhook),
  secret_fingerprint: await fingerprintOfSealed(
    secret,
    ground.project.organisationId,
    webhook.sealedSecret,
  ),
})

export const createWebhook: Write<
  { environmentId: number; settings: Pick<WebhookSettings, 'url'> & Partial<WebhookSettings> },
  Webhook
> = async (context, { environmentId, settings }) => {
  const { db, now, reserve } = context
  const ground = await findEnvironmentGround(db, environmentId)
  if (ground === undefined) return notFound()
  const { webhook: id } = await reserve({ webhook: 1 })
  const webhook: Webhook = {
    enabled: true,
    sealedSecret: null,
    ...settings,
    id,
    environmentId,
    createdAt: now,
    updatedAt: now,
  }
  return ok({
    result: webhook,
    statements: [db.insert(webhooks).values(webhook)],
    entries: [
      {
        ...entryOf(webhook, ground),
        action: 'webhook.created',
        log: `New Webhook created: ${webhook.url}`,
        before: null,
        after: await loggedWithSecret(context, ground, webhook),
      },
    ],
    publish: [],
    events: [],
  })
}

/** A secret that is sealed anew counts as another one: who seals it leaves out what stays the same. */
export const updateWebhook: Write<
  { environmentId: number; id: number; settings: Partial<WebhookSettings> },
  Webhook
> = async (context, { environmentId, id, settings }) => {
  const { db, now } = context
  const ground = await findEnvironmentGround(db, environmentId)
  const before = await findWebhook(db, environmentId, id)
  if (ground === undefined || before === undefined) return notFound()
  if (!changed(before, { ...before, ...settings })) return ok(nothingToDo(before))
  const after: Webhook = { ...before, ...settings, updatedAt: now }
  return ok({
    result: after,
    statements: [
      db
        .update(webhooks)
        .set({ ...settings, updatedAt: now })
        .where(eq(webhooks.id, id)),
    ],
    entries: [
      {
        ...entryOf(after, ground),
        action: 'webhook.updated',
        log: `Webhook updated: ${after.url}`,
        before: await loggedWithSecret(context, ground, before),
        after: await loggedWithSecret(context, ground, after),
      },
    ],
    publish: [],
    events: [],
  })
}

export const webhookDeleted = (webhook: Webhook, ground: EnvironmentGround): EntryDraft => ({
  ...entryOf(webhook, ground),
  action: 'webhook.deleted',
  log: `Webhook deleted: ${webhook.url}`,
  before: logged(webhook),
  after: null,
})

/** Its waiting deliveries go along. */
export const deleteWebhook: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const ground = await findEnvironmentGround(db, environmentId)
  const webhook = await findWebhook(db, environmentId, id)
  if (ground === undefined || webhook === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(webhooks).where(eq(webhooks.id, id))],
    entries: [webhookDeleted(webhook, ground)],
    publish: [],
    events: [],
  })
}
