/** An endpoint that the system switches off, because its receiver said so or was not heard for days. */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import {
  type DisabledReason,
  findWebhook,
  type WebhookHome,
  webhooks,
} from '../storage/webhooks.ts'
import { findWebhookPlace, loggedWebhook, webhookEntry } from './webhook-entry.ts'
import { nothingToDo, type Write } from './write.ts'

const because: Record<DisabledReason, string> = {
  gone: 'its receiver answered that it is gone',
  failing: 'nothing could be delivered to it for five days',
}

/** What waits for it is kept: it goes out when somebody switches the endpoint on again, or replays it. */
export const disableWebhook: Write<
  { home: WebhookHome; id: number; reason: DisabledReason },
  null
> = async ({ db, now }, { home, id, reason }) => {
  const place = await findWebhookPlace(db, home)
  const before = await findWebhook(db, home, id)
  if (place === undefined || before === undefined) return notFound()
  if (!before.enabled) return ok(nothingToDo(null))
  const settings = { enabled: false, disabledReason: reason, updatedAt: now }
  const after = { ...before, ...settings }
  return ok({
    result: null,
    statements: [db.update(webhooks).set(settings).where(eq(webhooks.id, id))],
    entries: [
      {
        ...webhookEntry(after, place),
        action: 'webhook.disabled',
        log: `Webhook disabled, because ${because[reason]}: ${after.url}`,
        before: loggedWebhook(before),
        after: loggedWebhook(after),
      },
    ],
    publish: [],
    events: [],
  })
}
