/**
 * The rules of webhook endpoints. A secret arrives sealed and never reaches the log: an entry only
 * says whether deliveries are signed. The URL was checked by the request that brought it.
 */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import { findWebhook, type Webhook, webhooks } from '../storage/webhooks.ts'
import { findHome, type Home, placeOf } from './environment-keys.ts'
import { changed, snapshot } from './snapshot.ts'
import type { EntryDraft, JsonObject, Write } from './write.ts'
import { nothingToDo } from './write.ts'

export type WebhookSettings = { url: string; enabled: boolean; sealedSecret: string | null }

const entryOf = (
  webhook: Webhook,
  home: Home,
): Omit<EntryDraft, 'action' | 'log' | 'before' | 'after'> => ({
  ...placeOf(home),
  resource: { type: 'WEBHOOK', id: String(webhook.id), uuid: null, name: webhook.url },
})

const logged = (webhook: Webhook): JsonObject => ({
  ...snapshot(webhook),
  signed: webhook.sealedSecret !== null,
})

export const createWebhook: Write<
  { environmentId: number; settings: Pick<WebhookSettings, 'url'> & Partial<WebhookSettings> },
  Webhook
> = async ({ db, now, reserve }, { environmentId, settings }) => {
  const home = await findHome(db, environmentId)
  if (home === undefined) return notFound()
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
        ...entryOf(webhook, home),
        action: 'webhook.created',
        log: `New Webhook created: ${webhook.url}`,
        before: null,
        after: logged(webhook),
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
> = async ({ db, now }, { environmentId, id, settings }) => {
  const home = await findHome(db, environmentId)
  const before = await findWebhook(db, environmentId, id)
  if (home === undefined || before === undefined) return notFound()
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
        ...entryOf(after, home),
        action: 'webhook.updated',
        log: `Webhook updated: ${after.url}`,
        before: logged(before),
        after: logged(after),
      },
    ],
    publish: [],
    events: [],
  })
}

/** Its waiting deliveries go along. */
export const deleteWebhook: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const home = await findHome(db, environmentId)
  const webhook = await findWebhook(db, environmentId, id)
  if (home === undefined || webhook === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(webhooks).where(eq(webhooks.id, id))],
    entries: [
      {
        ...entryOf(webhook, home),
        action: 'webhook.deleted',
        log: `Webhook deleted: ${webhook.url}`,
        before: logged(webhook),
        after: null,
      },
    ],
    publish: [],
    events: [],
  })
}
