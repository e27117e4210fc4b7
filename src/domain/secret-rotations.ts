/**
 * The rules of rotating a webhook's secret: staged, it signs beside the present one; promoted, it takes
 * its place (contract audit-and-webhooks §8.7). Receivers that know both lose no event meanwhile.
 */
import { eq } from 'drizzle-orm'
import { notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { findWebhook, type Webhook, type WebhookHome, webhooks } from '../storage/webhooks.ts'
import {
  findWebhookPlace,
  fingerprintedWebhook,
  type WebhookPlace,
  webhookEntry,
} from './webhook-entry.ts'
import { type Context, nothingToDo, type Plan, type Write } from './write.ts'

type At = { home: WebhookHome; id: number }

const hourMs = 60 * 60 * 1_000

const rotationRuns: Refusal = {
  kind: 'conflict',
  detail:
    'A rotation of the secret is running. Promote the next secret or abort the rotation before ' +
    'starting another.',
  code: 'secret_rotation_running',
}

const noRotation = notFound('No rotation of the secret is running.')

type Found = { webhook: Webhook; place: WebhookPlace }

async function find(db: Database, { home, id }: At): Promise<Found | undefined> {
  const place = await findWebhookPlace(db, home)
  const webhook = await findWebhook(db, home, id)
  return place && webhook && { place, webhook }
}

type Change = { columns: Partial<Webhook>; verb: string; log: string }

async function planChange(
  context: Context,
  { webhook: before, place }: Found,
  { columns, verb, log }: Change,
): Promise<Plan<Webhook>> {
  const after: Webhook = { ...before, ...columns }
  return {
    result: after,
    statements: [context.db.update(webhooks).set(columns).where(eq(webhooks.id, before.id))],
    entries: [
      {
        ...webhookEntry(after, place),
        action: `webhook.${verb}`,
        log,
        before: await fingerprintedWebhook(context, before),
        after: await fingerprintedWebhook(context, after),
      },
    ],
    publish: [],
    events: [],
  }
}

export const rotateWebhookSecret: Write<
  At & { sealedNextSecret: string; promoteAfterHours: number },
  Webhook
> = async (context, { sealedNextSecret, promoteAfterHours, ...at }) => {
  const found = await find(context.db, at)
  if (found === undefined) return notFound()
  if (found.webhook.sealedNextSecret !== null) return rotationRuns
  const { now } = context
  const promoteAt = now + Math.ceil(promoteAfterHours * hourMs)
  return ok(
    await planChange(context, found, {
      columns: { sealedNextSecret, promoteAt, updatedAt: now },
      verb: 'secret-rotated',
      log: `Webhook secret rotated: the next one follows in ${promoteAfterHours} hours.`,
    }),
  )
}

const promotion = ({ webhook }: Found, now: number, how: string): Change => ({
  columns: {
    sealedSecret: webhook.sealedNextSecret,
    sealedNextSecret: null,
    promoteAt: null,
    updatedAt: now,
  },
  verb: 'secret-promoted',
  log: `Webhook secret promoted: ${how}`,
})

async function findRotating(db: Database, at: At): Promise<Outcome<Found>> {
  const found = await find(db, at)
  if (found === undefined) return notFound()
  return found.webhook.sealedNextSecret === null ? noRotation : ok(found)
}

export const promoteWebhookSecret: Write<At, Webhook> = async (context, at) => {
  const found = await findRotating(context.db, at)
  if (found.kind !== 'ok') return found
  return ok(
    await planChange(
      context,
      found.value,
      promotion(found.value, context.now, 'the old one is dropped.'),
    ),
  )
}

export const abortSecretRotation: Write<At, Webhook> = async (context, at) => {
  const found = await findRotating(context.db, at)
  if (found.kind !== 'ok') return found
  return ok(
    await planChange(context, found.value, {
      columns: { sealedNextSecret: null, promoteAt: null, updatedAt: context.now },
      verb: 'secret-rotation-aborted',
      log: 'Webhook secret rotation aborted: the next secret is dropped.',
    }),
  )
}

/** For the cron. Nothing where somebody was faster. */
export const endSecretRotation: Write<At, Webhook | null> = async (context, at) => {
  const found = await find(context.db, at)
  const promoteAt = found?.webhook.promoteAt ?? null
  if (found === undefined || promoteAt === null || promoteAt > context.now)
    return ok(nothingToDo(null))
  return ok(await planChange(context, found, promotion(found, context.now, 'its time has come.')))
}
