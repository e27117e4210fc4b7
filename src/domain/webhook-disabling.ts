/** An endpoint that the system switches off, because its receiver said so or was not heard for days. */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { listAdminIds } from '../storage/members.ts'
import { findOrganisation } from '../storage/organisations.ts'
import { mailTarget } from '../storage/outbox.ts'
import {
  type DisabledReason,
  findWebhook,
  type WebhookHome,
  webhooks,
} from '../storage/webhooks.ts'
import { findWebhookPlace, loggedWebhook, webhookEntry } from './webhook-entry.ts'
import { type NewDebt, nothingToDo, type Write } from './write.ts'

const because: Record<DisabledReason, string> = {
  gone: 'its receiver answered that it is gone',
  failing: 'nothing could be delivered to it for five days',
}

/** More administrators than this are not written to. */
const maxAdmins = 50

/** The address that the organisation named hears of it or, while there is none, whoever administers it. */
async function announcements(
  db: Database,
  { home, id }: { home: WebhookHome; id: number },
): Promise<NewDebt[]> {
  const organisation = await findOrganisation(db, home.organisationId)
  const userIds = organisation?.webhookNotificationEmail
    ? [null]
    : await listAdminIds(db, home.organisationId, maxAdmins)
  return userIds.map((userId) => ({ kind: 'mail', target: mailTarget(id, userId) }))
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
    debts: await announcements(db, { home, id }),
  })
}
