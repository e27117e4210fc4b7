import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { featureStates, multivariateValues } from '../../src/storage/feature-states.ts'
import { multivariateOptions } from '../../src/storage/features.ts'
import { noValue, toValueColumns } from '../../src/storage/values.ts'
import { createFlagWorld, type World } from '../support/world.ts'
import {
  createPlace,
  evaluateAll,
  evaluateOne,
  feature,
  nextId,
  planSegment,
  publish,
  send,
  sendBulk,
  state,
} from './world.ts'

let world: World

beforeAll(async () => {
  world = await createFlagWorld()
})

type Identity = { id: number; environmentId: number; identifier: string }

const storeTrait = (identity: Identity, key: string, json: string) =>
  env.DB.prepare('INSERT INTO traits (identity_id, key, value, created_at) VALUES (?, ?, ?, 1)')
    .bind(identity.id, key, json)
    .run()

/** An identity as the SDK endpoints leave it; values are JSON text. */
async function addIdentity(
  environmentId: number,
  traits: Record<string, string> = {},
): Promise<Identity> {
  const identity = { id: nextId(), environmentId, identifier: `user ${nextId()}` }
  await env.DB.prepare(
    'INSERT INTO identities (id, environment_id, identifier, created_at) VALUES (?, ?, ?, 1)',
  )
    .bind(identity.id, environmentId, identity.identifier)
    .run()
  for (const [key, json] of Object.entries(traits)) await storeTrait(identity, key, json)
  return identity
}

const pro = { plan: '"pro"' }

/** An override, for the identity, of the world's feature. */
async function override(identity: Identity, value: string, enabled = true): Promise<number> {
  const id = nextId()
  await openDatabase(env.DB)
    .insert(featureStates)
    .values({
      id,
      uuid: crypto.randomUUID(),
      featureId: world.featureId,
      environmentId: identity.environmentId,
      identityId: identity.id,
      identifier: identity.identifier,
      enabled,
      ...toValueColumns(value),
      createdAt: 1,
      updatedAt: 1,
    })
  return id
}

/** The world's environment as a document whose `banner` is `gold` for the plan `pro`. */
async function createGoldPlace() {
  const banner = { ...feature('banner', state('blue')), id: world.featureId }
  return createPlace({
    id: world.environment.id,
    features: [banner, feature('other', state('x'))],
    segments: [planSegment('pro', banner, state('gold'))],
  })
}

const rows = async () => {
  const { results } = await env.DB.prepare(
    'SELECT (SELECT count(*) FROM identities) AS identities, (SELECT count(*) FROM traits) AS traits',
  ).all()
  return results
}

describe('the stored traits of an identity', () => {
  it('decide, and what the context says wins over them', async () => {
    const place = await createPlace(targeted())
    const { id } = place.document.environment
    const { identifier: targetingKey } = await addIdentity(id, pro)
    const valueFor = async (context: object) =>
      (await evaluateOne('it', { key: place.clientKey, context: { targetingKey, ...context } }))
        .value
    expect(await valueFor({})).toBe('few')
    expect(await valueFor({ plan: 'free' })).toBe('all')
    expect(await valueFor({ plan: null })).toBe('all')
    expect(await valueFor({ plan: { nested: true } })).toBe('few')
  })

  it('still decide where a client-side key may bring none', async () => {
    const place = await createPlace({ ...targeted(), settings: { allowClientTraits: false } })
    const { id } = place.document.environment
    const { identifier: targetingKey } = await addIdentity(id, pro)
    const context = { targetingKey, plan: 'free' }
    expect((await evaluateOne('it', { key: place.clientKey, context })).value).toBe('few')
  })

  it('of another environment’s identity of the same name do not', async () => {
    const [here, there] = [await createPlace(targeted()), await createPlace(targeted())]
    const { identifier } = await addIdentity(there.document.environment.id, pro)
    const context = { targetingKey: identifier }
    expect((await evaluateOne('it', { key: here.clientKey, context })).value).toBe('all')
  })

  it('are found by a targeting key with blanks around it', async () => {
    const place = await createPlace(targeted())
    const { identifier } = await addIdentity(place.document.environment.id, pro)
    const context = { targetingKey: ` ${identifier}\n` }
    expect((await evaluateOne('it', { key: place.clientKey, context })).value).toBe('few')
  })

  function targeted() {
    const it = feature('it', state('all'))
    return { features: [it], segments: [planSegment('pro', it, state('few'))] }
  }
})

describe('a stored float', () => {
  it('is told from a whole number', async () => {
    const it = feature('it', state('all'))
    const segment = planSegment('any', it, state('few'))
    const conditions = [{ operator: 'IN', property: 'score', value: '5' }]
    const rules = [{ type: 'ALL' as const, conditions, rules: [] }]
    const { document, clientKey: key } = await createPlace({
      features: [it],
      segments: [{ ...segment, rules }],
    })
    const valueFor = async (score: string) => {
      const { identifier } = await addIdentity(document.environment.id, { score })
      return (await evaluateOne('it', { key, context: { targetingKey: identifier } })).value
    }
    expect(await valueFor('5')).toBe('few')
    expect(await valueFor('5.0')).toBe('all')
  })
})

describe('the key of splits', () => {
  it('is the identity’s id where the environment does not use composite keys', async () => {
    const it = feature('it', state('all'))
    const segment = planSegment('any', it, state('few'))
    const place = await createPlace({
      features: [it],
      settings: { useIdentityCompositeKeyForHashing: false },
    })
    const { document, clientKey: key } = place
    const ann = await addIdentity(document.environment.id)
    const conditions = [{ operator: 'EQUAL', property: '$.identity.key', value: String(ann.id) }]
    const rules = [{ type: 'ALL' as const, conditions, rules: [] }]
    const version = document.version + 1
    await publish({ ...document, version, segments: [{ ...segment, rules }] })
    const valueFor = async (targetingKey: string) =>
      (await evaluateOne('it', { key, context: { targetingKey } })).value
    expect(await valueFor(ann.identifier)).toBe('few')
    expect(await valueFor('somebody new')).toBe('all')
  })
})

describe('an override for one identity', () => {
  it('goes before the segments, and only for that identity', async () => {
    const { clientKey: key } = await createGoldPlace()
    const ann = await addIdentity(world.environment.id, pro)
    const bob = await addIdentity(world.environment.id, pro)
    await override(ann, 'own')
    const bannerFor = async (targetingKey: string) =>
      (await evaluateAll({ key, context: { targetingKey } }))[0]
    expect(await bannerFor(ann.identifier)).toMatchObject({
      value: 'own',
      reason: 'TARGETING_MATCH',
    })
    expect(await bannerFor(bob.identifier)).toMatchObject({ value: 'gold' })
  })

  it('may switch the flag off', async () => {
    const { clientKey: key } = await createGoldPlace()
    const ann = await addIdentity(world.environment.id)
    await override(ann, 'own', false)
    const context = { targetingKey: ann.identifier }
    const one = await evaluateOne('banner', { key, context })
    expect(one).toMatchObject({ reason: 'DISABLED', metadata: { enabled: false } })
    expect(one).not.toHaveProperty('value')
  })

  it('may bring shares of its own', async () => {
    const { clientKey: key } = await createGoldPlace()
    const ann = await addIdentity(world.environment.id)
    const featureStateId = await override(ann, 'own')
    const optionId = nextId()
    const db = openDatabase(env.DB)
    await db.insert(multivariateOptions).values({
      id: optionId,
      uuid: crypto.randomUUID(),
      featureId: world.featureId,
      key: null,
      defaultPercentageAllocation: 0,
      ...noValue,
      stringValue: 'mine',
    })
    await db.insert(multivariateValues).values({
      id: nextId(),
      uuid: crypto.randomUUID(),
      featureStateId,
      optionId,
      percentageAllocation: 100,
    })
    const context = { targetingKey: ann.identifier }
    expect(await evaluateOne('banner', { key, context })).toMatchObject({
      value: 'mine',
      reason: 'SPLIT',
      variant: `option-${optionId}`,
    })
  })

  it('shows in the entity tag, like a stored trait', async () => {
    const { clientKey } = await createGoldPlace()
    const ann = await addIdentity(world.environment.id)
    const tagNow = async () => {
      const answer = await sendBulk(clientKey, { targetingKey: ann.identifier })
      return answer.headers.get('ETag')
    }
    const before = await tagNow()
    expect(await tagNow()).toBe(before)
    await storeTrait(ann, 'plan', pro.plan)
    const withTrait = await tagNow()
    await override(ann, 'own')
    expect(new Set([before, withTrait, await tagNow()]).size).toBe(3)
  })
})

describe('an evaluation', () => {
  it('stores nothing, neither identity nor traits', async () => {
    const { serverKey: key } = await createGoldPlace()
    const ann = await addIdentity(world.environment.id, { plan: '"free"' })
    const before = await rows()
    for (const targetingKey of [ann.identifier, 'somebody new']) {
      const context = { targetingKey, plan: 'pro', age: 7 }
      expect((await evaluateOne('banner', { key, context })).value).toBe('gold')
      await evaluateAll({ key, context })
    }
    expect(await rows()).toEqual(before)
  })

  it('needs one trip to the database for an identity, and none for a flag there is not', async () => {
    const { clientKey } = await createGoldPlace()
    let trips = 0
    const counted = new Proxy(env.DB, {
      get: (target, name) => {
        const member = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (name === 'batch') trips++
        return member.bind(target)
      },
    })
    const context = { targetingKey: 'somebody' }
    const headers = { 'X-API-Key': clientKey }
    const ask = (path: string) =>
      send(`/evaluate/flags${path}`, { headers, body: { context }, env: { ...env, DB: counted } })
    expect((await ask('')).status).toBe(200)
    expect(trips).toBe(1)
    expect((await ask('/nothing')).status).toBe(404)
    expect(trips).toBe(1)
  })
})
