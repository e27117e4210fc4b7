/**
 * What requests say of a webhook, turned into columns: secrets and headers sealed, what stays left out.
 * The URL is judged whenever it is sent, changed or not.
 */
import { z } from '@hono/zod-openapi'
import { checkUrl } from '../delivery/url-policy.ts'
import type { WebhookSettings } from '../domain/webhooks.ts'
import type { Env } from '../env.ts'
import { blankText, bool, text } from '../http/fields.ts'
import { type FieldErrors, invalid, type Outcome, ok } from '../outcome.ts'
import { seal } from '../storage/seal.ts'
import type { Webhook } from '../storage/webhooks.ts'
import { headersField, unmaskHeaders } from './webhook-headers.ts'
import { patternsField, problemsOfPatterns } from './webhook-patterns.ts'
import {
  generateKeyPair,
  generateSecret,
  isMask,
  maskOf,
  notASecret,
  open,
  openHeaders,
} from './webhook-secrets.ts'

export const secretField = () => blankText(255)

const settings = {
  enabled: bool().optional(),
  description: blankText(500).optional(),
  format: z.enum(['flagsmith', 'flipt', 'standard']).optional(),
  patterns: patternsField().optional(),
  ordered: bool().optional().openapi({
    description:
      'True (the default): an event waits until the one before it, of the same environment, is settled.',
  }),
  headers: headersField().nullable().optional(),
  secret: secretField().nullable().optional().openapi({
    description: 'Null or blank: none. As an answer showed it (masked): stays as it is.',
  }),
  generate_secret: bool().optional().openapi({
    description: 'Makes a new secret, which this answer alone shows.',
  }),
  asymmetric: bool()
    .optional()
    .openapi({
      description:
        'True: a `v1a` signature (Ed25519) besides, which `public_key` verifies. False (the default): ' +
        'none, and the key pair is gone; another true makes another one.',
    }),
}

export const createBody = z.object({ url: text(200), ...settings })

export const updateBody = z.object({ url: text(200).optional(), ...settings })

type Body = z.infer<typeof updateBody>

export function problemOfUrl(env: Env, url: string): string | null {
  return checkUrl(url, { allowPrivate: env.ALLOW_PRIVATE_WEBHOOKS === 'true' })
}

/** The column (undefined: it stays) and what the answer shows in full. */
type Secret = { column?: string | null; shown?: string }

/** Sealing anew what stays would look like a change. */
async function readSecret(env: Env, body: Body, before: Webhook | null): Promise<Outcome<Secret>> {
  const { secret, generate_secret: generate } = body
  if (generate === true) {
    if (secret) return invalid({ generate_secret: ['Use one of secret and generate_secret.'] })
    const made = generateSecret()
    return ok({ column: await seal(env.BURGEE_SECRET, made), shown: made })
  }
  if (secret === undefined) return ok({})
  if (secret === null || secret === '') return ok({ column: null })
  const sealed = before?.sealedSecret ?? null
  const present = sealed === null ? undefined : await open(env.BURGEE_SECRET, sealed)
  if (isMask(secret)) {
    // What cannot be opened is shown as stars alone, and stays by them.
    const mask = sealed === null ? undefined : maskOf(present ?? '')
    return secret === mask ? ok({}) : invalid({ secret: [notASecret] })
  }
  if (secret === present) return ok({ shown: secret })
  return ok({ column: await seal(env.BURGEE_SECRET, secret), shown: secret })
}

async function readHeaders(
  env: Env,
  { headers }: Body,
  before: Webhook | null,
): Promise<Outcome<string | null | undefined>> {
  if (headers === undefined) return ok(undefined)
  const sealed = before?.sealedHeaders ?? null
  if (headers === null || Object.keys(headers).length === 0) return ok(null)
  const present = await openHeaders(env.BURGEE_SECRET, sealed)
  const read = unmaskHeaders(headers, present ?? {})
  if (Object.keys(read.errors).length > 0) return invalid({ headers: read.errors })
  const json = JSON.stringify(read.headers)
  if (present !== undefined && json === JSON.stringify(present)) return ok(undefined)
  return ok(await seal(env.BURGEE_SECRET, json))
}

/** What is already so stays, also a key that cannot be opened any more: receivers know its public one. */
async function readKeyPair(
  env: Env,
  { asymmetric }: Body,
  before: Webhook | null,
): Promise<Partial<WebhookSettings>> {
  const isThere = (before?.publicKey ?? null) !== null
  if (asymmetric === undefined || asymmetric === isThere) return {}
  if (!asymmetric) return { sealedPrivateKey: null, publicKey: null }
  const { seed, publicKey } = await generateKeyPair()
  return { sealedPrivateKey: await seal(env.BURGEE_SECRET, seed), publicKey }
}

/** Patterns that were fine may not be in the words of another format. */
function errorsOf(env: Env, body: Body, before: Webhook | null): FieldErrors {
  const problem = body.url === undefined ? null : problemOfUrl(env, body.url)
  const format = body.format ?? before?.format ?? 'flagsmith'
  const patterns = body.patterns ?? before?.patterns ?? ['*:*']
  const problems = body.format || body.patterns ? problemsOfPatterns(format, patterns) : []
  return {
    ...(problem !== null && { url: [problem] }),
    ...(problems.length > 0 && { patterns: problems }),
  }
}

export type Read = { settings: Partial<WebhookSettings>; shown: string | undefined }

/** What the body leaves out stays out. */
export async function readWebhook(
  env: Env,
  body: Body,
  before: Webhook | null,
): Promise<Outcome<Read>> {
  const errors = errorsOf(env, body, before)
  if (Object.keys(errors).length > 0) return invalid(errors)
  const secret = await readSecret(env, body, before)
  if (secret.kind !== 'ok') return secret
  const headers = await readHeaders(env, body, before)
  if (headers.kind !== 'ok') return headers
  const { url, enabled, description, format, patterns, ordered } = body
  const { column, shown } = secret.value
  return ok({
    settings: {
      ...(url !== undefined && { url }),
      ...(enabled !== undefined && { enabled }),
      ...(description !== undefined && { description }),
      ...(format !== undefined && { format }),
      ...(patterns !== undefined && { patterns }),
      ...(ordered !== undefined && { ordered }),
      ...(column !== undefined && { sealedSecret: column }),
      ...(headers.value !== undefined && { sealedHeaders: headers.value }),
      ...(await readKeyPair(env, body, before)),
    },
    shown,
  })
}
