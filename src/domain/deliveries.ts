/**
 * What administrators may do with deliveries: send once more, or never. Each is one entry with the
 * endpoint it is about, however many deliveries it takes; ringing for them is owed by the change.
 */
import { notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { countReplayed, type Replayed, replay, skip } from '../storage/delivery-replays.ts'
import { type DeliveryRow, findDelivery } from '../storage/delivery-views.ts'
import { findWebhook, type Webhook, type WebhookHome } from '../storage/webhooks.ts'
import { findWebhookPlace, type WebhookPlace, webhookEntry } from './webhook-entry.ts'
import { type JsonObject, nothingToDo, type Plan, type Write } from './write.ts'

type OfWebhook = { home: WebhookHome; id: number }
type OfDelivery = OfWebhook & { deliveryId: string }

const switchedOff: Refusal = {
  kind: 'conflict',
  detail: 'The webhook is disabled, so nothing is sent to it. Enable it first.',
  code: 'webhook_disabled',
}

const underWay: Refusal = {
  kind: 'conflict',
  detail: 'The delivery is being sent at this moment. Look at it again in half a minute.',
  code: 'delivery_under_way',
}

const settled: Refusal = {
  kind: 'conflict',
  detail: 'Nothing is left to skip: the delivery is neither waiting nor given up.',
  code: 'delivery_settled',
}

const unwanted: Refusal = {
  kind: 'conflict',
  detail:
    'The event was not for this webhook: the reason of the delivery says why. Change the patterns of ' +
    'the webhook, and later events are sent.',
  code: 'delivery_filtered',
}

type Found = { webhook: Webhook; place: WebhookPlace }

async function findEndpoint(db: Database, { home, id }: OfWebhook): Promise<Found | undefined> {
  const place = await findWebhookPlace(db, home)
  const webhook = await findWebhook(db, home, id)
  return place && webhook && { place, webhook }
}

type FoundDelivery = Found & { delivery: DeliveryRow }

async function findOne(db: Database, at: OfDelivery): Promise<Outcome<FoundDelivery>> {
  const found = await findEndpoint(db, at)
  const delivery = found && (await findDelivery(db, found.webhook.id, at.deliveryId))
  return found === undefined || delivery === undefined ? notFound() : ok({ ...found, delivery })
}

type Told = { verb: string; log: string; before: JsonObject | null; after: JsonObject }

const planOf = <T>(
  { webhook, place }: Found,
  { verb, ...told }: Told,
  { result, statement }: { result: T; statement: Plan<T>['statements'][number] },
): Plan<T> => ({
  result,
  statements: [statement],
  entries: [{ ...webhookEntry(webhook, place), action: `delivery.${verb}`, ...told }],
  publish: [],
  events: [],
})

const ringFor = ({ webhook }: Found) => [{ kind: 'ring' as const, target: String(webhook.id) }]

const standing = ({ id, eventId, state, reason, attempts }: DeliveryRow): JsonObject => ({
  delivery: id,
  event: eventId,
  state,
  reason,
  attempts,
})

const isUnderWay = async (db: Database, { webhook, delivery }: FoundDelivery, now: number) =>
  (await countReplayed(
    db,
    { webhookId: webhook.id, now },
    { kind: 'one', deliveryId: delivery.id },
  )) === 0

/** Whatever became of it, also when it arrived: receivers know it by its event's id. */
export const resendDelivery: Write<OfDelivery, null> = async ({ db, now }, input) => {
  const found = await findOne(db, input)
  if (found.kind !== 'ok') return found
  const { webhook, delivery } = found.value
  if (delivery.state === 'filtered') return unwanted
  if (!webhook.enabled) return switchedOff
  if (await isUnderWay(db, found.value, now)) return underWay
  const told: Told = {
    verb: 'resent',
    log: `Delivery sent once more: ${delivery.eventId} to ${webhook.url}`,
    before: standing(delivery),
    after: { ...standing(delivery), state: 'waiting', reason: null },
  }
  const one: Replayed = { kind: 'one', deliveryId: delivery.id }
  const statement = replay(db, { webhookId: webhook.id, now }, one)
  return ok({
    ...planOf(found.value, told, { result: null, statement }),
    debts: ringFor(found.value),
  })
}

export const skipDelivery: Write<OfDelivery, null> = async ({ db, now }, input) => {
  const found = await findOne(db, input)
  if (found.kind !== 'ok') return found
  const { webhook, delivery } = found.value
  if (delivery.state === 'skipped') return ok(nothingToDo(null))
  if (delivery.state === 'delivered' || delivery.state === 'filtered') return settled
  if (await isUnderWay(db, found.value, now)) return underWay
  const told: Told = {
    verb: 'skipped',
    log: `Delivery skipped: ${delivery.eventId} to ${webhook.url}`,
    before: standing(delivery),
    after: { ...standing(delivery), state: 'skipped', reason: null },
  }
  return ok({
    ...planOf(found.value, told, { result: null, statement: skip(db, delivery.id) }),
    // It stood before others.
    debts: ringFor(found.value),
  })
}

export type Asked = Exclude<Replayed, { kind: 'one' }>

const described = (asked: Asked): JsonObject =>
  asked.kind === 'time'
    ? { from: new Date(asked.from).toISOString(), to: new Date(asked.to).toISOString() }
    : { state: asked.kind }

/** Answers how many there were at that moment: deliveries go on while the change is made. */
export const replayDeliveries: Write<OfWebhook & { asked: Asked }, number> = async (
  { db, now },
  { asked, ...at },
) => {
  const found = await findEndpoint(db, at)
  if (found === undefined) return notFound()
  const { webhook } = found
  if (!webhook.enabled) return switchedOff
  const own = { webhookId: webhook.id, now }
  const count = await countReplayed(db, own, asked)
  if (count === 0) return ok(nothingToDo(0))
  const told: Told = {
    verb: 'replayed',
    log: `Deliveries sent once more: ${count} to ${webhook.url}`,
    before: null,
    after: { ...described(asked), count },
  }
  return ok({
    ...planOf(found, told, { result: count, statement: replay(db, own, asked) }),
    debts: ringFor(found),
  })
}
