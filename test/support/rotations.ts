/** Rotations of client-side keys as administrators and SDKs see them. */
import { exports } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { addEnvironment, createWorld, done, type World } from './admin.ts'

export type Rotation = {
  rotating: boolean
  api_key: string
  old_key: string | null
  started_at: string | null
  ends_at: string | null
  new_key_used: boolean | null
  last_used: string | null
}

export type Shop = {
  world: World
  environment: { id: number; api_key: string; name: string }
  project: { id: number }
  /** The key that the environment began with. */
  old: string
  path: string
  rotate: (body?: object) => Promise<Rotation>
  end: (how: 'abort' | 'complete') => Promise<Rotation>
}

/** An organisation of its own with an environment that has a flag. */
export async function createShop(): Promise<Shop> {
  const world = await createWorld()
  const place = await addEnvironment(world)
  await done(world.api('POST', `projects/${place.project.id}/features/`, { name: 'banner' }))
  const old = place.environment.api_key
  const path = `environments/${old}/rotate-key/`
  await soon(async () => expect(await statusesOf(old)).toEqual(served))
  return {
    world,
    ...place,
    old,
    path,
    rotate: (body = {}) => done(world.api<Rotation>('POST', path, body)),
    end: (how) => done(world.api<Rotation>('POST', `${path}${how}/`, {})),
  }
}

const json = { 'Content-Type': 'application/json' }
const context = { context: { targetingKey: 'ann' } }

/** Every way in which a client asks with an environment key. */
const questions: [string, RequestInit][] = [
  ['/api/v1/flags/', {}],
  ['/api/v1/identities/?identifier=ann', {}],
  ['/api/v1/identities/', { method: 'POST', body: '{"identifier":"ann"}' }],
  ['/ofrep/v1/evaluate/flags', { method: 'POST', body: JSON.stringify(context) }],
  ['/ofrep/v1/evaluate/flags/banner', { method: 'POST', body: JSON.stringify(context) }],
]

export const send = (path: string, key: string, init: RequestInit = {}) =>
  exports.default.fetch(
    new Request(`http://localhost${path}`, {
      ...init,
      headers: { ...json, 'X-Environment-Key': key, ...(init.headers as object) },
    }),
  )

export async function statusesOf(key: string): Promise<number[]> {
  const answers = await Promise.all(questions.map(([path, init]) => send(path, key, init)))
  await Promise.all(answers.map((answer) => answer.body?.cancel()))
  return answers.map((answer) => answer.status)
}

export const served = questions.map(() => 200)
/** SDK paths answer 403 to a bad key, OFREP 401. */
export const refused = [403, 403, 403, 401, 401]

/** Two publishes of one environment keep a second between them. */
export const soon = (check: () => Promise<void>) =>
  vi.waitFor(check, { timeout: 8_000, interval: 100 })
