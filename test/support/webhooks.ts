/** Webhooks as tests make and read them. */
import { env } from 'cloudflare:workers'
import { unseal } from '../../src/storage/seal.ts'
import { addEnvironment, createWorld, done, readRecords, type World } from './admin.ts'

export type Webhook = {
  id: number
  url: string
  secret: string | null
  standard_secret: string | null
  public_key: string | null
  headers: Record<string, string>
  rotation: { promote_at: string; secret: string } | null
  updated_at: string
}

export const url = 'https://hooks.example.com/flags'
export const secret = 'a secret nobody guesses'
/** As later answers show it. */
export const masked = '********sses'

export async function createShop() {
  const world = await createWorld()
  const place = await addEnvironment(world)
  return { world, ...place, path: `environments/${place.environment.api_key}/webhooks/` }
}

export const createWebhook = (world: World, path: string, body: object = { url, secret }) =>
  done(world.api<Webhook>('POST', path, body))

type Row = {
  sealed_secret: string | null
  sealed_headers: string | null
  sealed_private_key: string | null
  enabled: number
}

export const rowOf = async (id: number) =>
  (await env.DB.prepare('SELECT * FROM webhooks WHERE id = ?').bind(id).first<Row>()) as Row

export const unsealed = async (sealed: string | null): Promise<string | null> =>
  sealed && unseal(env.BURGEE_SECRET, sealed)

export const secretOf = async (id: number) => unsealed((await rowOf(id)).sealed_secret)

export const recordsSince = async (start: number) =>
  (await readRecords()).slice(start).map((record) => JSON.parse(record))
