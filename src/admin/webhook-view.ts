/**
 * Webhooks as answered. A secret is shown in full by the answer to the request that set or made it, and
 * masked by all others.
 */
import { z } from '@hono/zod-openapi'
import { encodeBase64 } from 'hono/utils/encode'
import { standardKey } from '../delivery/signing.ts'
import type { Env } from '../env.ts'
import { toTimestamp } from '../http/fields.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { readLastStatuses } from '../storage/delivery-views.ts'
import type { Webhook } from '../storage/webhooks.ts'
import { maskHeaders } from './webhook-headers.ts'
import { maskOf, open, openHeaders } from './webhook-secrets.ts'

export const webhookSchema = z
  .object({
    id: z.int(),
    url: z.string(),
    enabled: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
    secret: z.string().nullable(),
    standard_secret: z.string().nullable().openapi({
      description:
        'The secret as libraries of Standard Webhooks take it; only where the secret is shown in full.',
    }),
    public_key: z.string().nullable().openapi({
      description: 'Verifies the `v1a` signatures; null: there are none.',
    }),
    description: z.string(),
    format: z.enum(['flagsmith', 'flipt', 'standard']),
    patterns: z.array(z.string()),
    ordered: z.boolean(),
    headers: z.record(z.string(), z.string()),
    disabled_reason: z.enum(['gone', 'failing']).nullable(),
    last_status: z.int().nullable(),
    rotation: z.object({ promote_at: z.string(), secret: z.string() }).nullable().openapi({
      description: 'The secret that follows, while it does not sign alone yet.',
    }),
  })
  .openapi('Webhook')

type View = z.infer<typeof webhookSchema>

/** Secrets that this answer shows in full. */
export type Shown = { secret?: string | undefined; next?: string | undefined }

const standardForm = (secret: string) => `whsec_${encodeBase64(standardKey(secret).slice().buffer)}`

/** What cannot be opened any more is told as stars alone. */
async function masked(env: Env, sealed: string): Promise<string> {
  return maskOf((await open(env.BURGEE_SECRET, sealed)) ?? '')
}

const secretOf = async (env: Env, sealed: string | null, shown: string | undefined) =>
  sealed === null ? null : (shown ?? (await masked(env, sealed)))

async function viewOf(
  env: Env,
  webhook: Webhook,
  { lastStatus, shown }: { lastStatus: number | null; shown: Shown },
): Promise<View> {
  const { id, url, enabled, description, format, patterns, ordered, promoteAt } = webhook
  const next = await secretOf(env, webhook.sealedNextSecret, shown.next)
  return {
    id,
    url,
    enabled,
    created_at: toTimestamp(webhook.createdAt),
    updated_at: toTimestamp(webhook.updatedAt),
    secret: await secretOf(env, webhook.sealedSecret, shown.secret),
    standard_secret:
      webhook.sealedSecret === null || shown.secret === undefined
        ? null
        : standardForm(shown.secret),
    public_key: webhook.publicKey,
    description,
    format,
    patterns,
    ordered,
    headers: maskHeaders((await openHeaders(env.BURGEE_SECRET, webhook.sealedHeaders)) ?? {}),
    disabled_reason: webhook.disabledReason,
    last_status: lastStatus,
    rotation:
      next === null || promoteAt === null
        ? null
        : { promote_at: toTimestamp(promoteAt), secret: next },
  }
}

export async function webhookViews(env: Env, found: Webhook[]): Promise<View[]> {
  const db: Database = openDatabase(env.DB)
  const statuses = await readLastStatuses(
    db,
    found.map(({ id }) => id),
  )
  return Promise.all(
    found.map((webhook) =>
      viewOf(env, webhook, { lastStatus: statuses.get(webhook.id) ?? null, shown: {} }),
    ),
  )
}

export async function webhookView(env: Env, webhook: Webhook, shown: Shown = {}): Promise<View> {
  const statuses = await readLastStatuses(openDatabase(env.DB), [webhook.id])
  return viewOf(env, webhook, { lastStatus: statuses.get(webhook.id) ?? null, shown })
}
