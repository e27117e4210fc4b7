/**
 * The rules of webhook endpoints, whether an environment's or an organisation's. Secrets and headers
 * arrive sealed and never reach the log. The URL was checked by the request that brought it.
 */
import { eq } from 'drizzle-orm'
import { invalidBody, notFound, ok } from '../outcome.ts'
import { makeDue } from '../storage/delivery-results.ts'
import { forgetHealth } from '../storage/webhook-health.ts'
import {
  countWebhooks,
  findWebhook,
  type Webhook,
  type WebhookFormat,
  type WebhookHome,
  webhooks,
} from '../storage/webhooks.ts'
import { changed } from './snapshot.ts'
import {
  findWebhookPlace,
  fingerprintedWebhook,
  webhookDeleted,
  webhookEntry,
} from './webhook-entry.ts'
import { nothingToDo, type Write } from './write.ts'

export type WebhookSettings = {
  url: string
  enabled: boolean
  description: string
  format: WebhookFormat
  patterns: string[]
  ordered: boolean
  sealedSecret: string | null
  sealedHeaders: string | null
  sealedPrivateKey: string | null
  publicKey: string | null
}

/** Every change of an environment is held against all of them. */
export const maxWebhooks = 1_000

const tooMany = invalidBody(
  `The organisation has reached the maximum allowed ${maxWebhooks} webhooks, those of its ` +
    'environments included. Delete some that are not needed any more.',
)

export const createWebhook: Write<
  { home: WebhookHome; settings: Pick<WebhookSettings, 'url'> & Partial<WebhookSettings> },
  Webhook
> = async (context, { home, settings }) => {
  const { db, now, reserve } = context
  const place = await findWebhookPlace(db, home)
  if (place === undefined) return notFound()
  if ((await countWebhooks(db, home.organisationId)) >= maxWebhooks) return tooMany
  const { webhook: id } = await reserve({ webhook: 1 })
  const webhook: Webhook = {
    enabled: true,
    description: '',
    format: 'flagsmith',
    patterns: ['*:*'],
    ordered: true,
    sealedSecret: null,
    sealedHeaders: null,
    sealedPrivateKey: null,
    publicKey: null,
    ...settings,
    ...home,
    id,
    sealedNextSecret: null,
    promoteAt: null,
    disabledReason: null,
    createdAt: now,
    updatedAt: now,
  }
  return ok({
    result: webhook,
    statements: [db.insert(webhooks).values(webhook)],
    entries: [
      {
        ...webhookEntry(webhook, place),
        action: 'webhook.created',
        log: `New Webhook created: ${webhook.url}`,
        before: null,
        after: await fingerprintedWebhook(context, webhook),
      },
    ],
    publish: [],
    events: [],
  })
}

const keyPairOf = ({ sealedPrivateKey, publicKey }: Webhook) => ({ sealedPrivateKey, publicKey })

/**
 * What an update leaves. A secret that is set directly ends a rotation, whose next secret would undo
 * it; whoever switches an endpoint on again has dealt with why it was switched off. Of two who give it a
 * key pair at once the first one's stays: its public key may be with a receiver already.
 */
function updated(before: Webhook, settings: Partial<WebhookSettings>): Webhook {
  const samePatterns = JSON.stringify(settings.patterns) === JSON.stringify(before.patterns)
  return {
    ...before,
    ...settings,
    ...(samePatterns && { patterns: before.patterns }),
    ...(settings.sealedSecret !== undefined && { sealedNextSecret: null, promoteAt: null }),
    ...(settings.enabled === true && { disabledReason: null }),
    ...(settings.publicKey && before.publicKey && keyPairOf(before)),
  }
}

/** Only what changes is written: delivery may switch the endpoint off meanwhile. */
const differing = (before: Webhook, after: Webhook): Partial<Webhook> =>
  Object.fromEntries(
    Object.entries(after).filter(([name, value]) => before[name as keyof Webhook] !== value),
  )

/** A secret that is sealed anew counts as another one: who seals it leaves out what stays the same. */
export const updateWebhook: Write<
  { home: WebhookHome; id: number; settings: Partial<WebhookSettings> },
  Webhook
> = async (context, { home, id, settings }) => {
  const { db, now } = context
  const place = await findWebhookPlace(db, home)
  const before = await findWebhook(db, home, id)
  if (place === undefined || before === undefined) return notFound()
  const row = updated(before, settings)
  if (!changed(before, row)) return ok(nothingToDo(before))
  const after: Webhook = { ...row, updatedAt: now }
  const isAnew = after.enabled && (!before.enabled || before.url !== after.url)
  const isFreed = after.enabled && before.ordered && !after.ordered
  return ok({
    result: after,
    statements: [
      db.update(webhooks).set(differing(before, after)).where(eq(webhooks.id, id)),
      // What its receiver was like before says nothing of now, and what waits for it need wait no longer.
      ...(isAnew ? [forgetHealth(db, id), makeDue(db, id, now)] : []),
    ],
    debts: isAnew || isFreed ? [{ kind: 'ring', target: String(id) }] : [],
    entries: [
      {
        ...webhookEntry(after, place),
        action: 'webhook.updated',
        log: `Webhook updated: ${after.url}`,
        before: await fingerprintedWebhook(context, before),
        after: await fingerprintedWebhook(context, after),
      },
    ],
    publish: [],
    events: [],
  })
}

/** Its waiting deliveries go along. */
export const deleteWebhook: Write<{ home: WebhookHome; id: number }, null> = async (
  { db },
  { home, id },
) => {
  const place = await findWebhookPlace(db, home)
  const webhook = await findWebhook(db, home, id)
  if (place === undefined || webhook === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(webhooks).where(eq(webhooks.id, id))],
    entries: [webhookDeleted(webhook, place)],
    publish: [],
    events: [],
  })
}
