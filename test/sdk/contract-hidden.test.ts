/** hide_sensitive_data, endpoint by endpoint (contract sdk-api §4). */
import { beforeAll, describe, expect, it } from 'vitest'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

let world: IdentityWorld

type Shown = Record<string, unknown> & { feature: Record<string, unknown> }

beforeAll(async () => {
  world = await createIdentityWorld()
  await world.identify({ identifier: 'ann', traits: traits({ plan: 'gold' }) })
  await world.override('ann', world.checkoutId, { value: 'own' })
  await world.configure({ hideSensitiveData: true })
})

const hiddenOfFlag = ['id', 'environment', 'identity', 'feature_segment']
const hiddenOfFeature = ['created_date', 'description', 'initial_value', 'default_enabled']

/** Every flag of an answer, whatever its shape. */
function flagsIn(body: unknown): Shown[] {
  const { flags = body } = body as { flags?: unknown }
  return (Array.isArray(flags) ? flags : [flags]) as Shown[]
}

const sent = { identifier: 'ann', traits: traits({ plan: 'gold', new: 1 }) }

const rows: [string, string, unknown?][] = [
  ['GET', '/flags/'],
  ['GET', '/flags/?feature=banner'],
  ['GET', '/flags/ann'],
  ['GET', '/flags/ann?feature=banner'],
  ['GET', '/identities/?identifier=ann'],
  ['GET', '/identities/?identifier=ann&feature=banner'],
  ['GET', '/identities/?identifier=ann&feature=checkout'],
  ['POST', '/identities/', sent],
  ['POST', '/identities/', { ...sent, transient: true }],
  ['POST', '/identities/', { traits: traits({ plan: 'gold' }) }],
  // The original leaves this one open; here it hides like its neighbours.
  ['GET', '/identities/ann/'],
]

describe.each(rows)('%s %s', (method, path, body) => {
  const read = async (key: string): Promise<unknown> =>
    (await (body === undefined
      ? world.send(method, path, { key })
      : world.sendJson(method, path, body, key)
    ).then((response) => response.json())) as unknown

  it.each(hiddenOfFlag)('§4: nulls %s on every flag, for both keys', async (name) => {
    for (const key of [world.clientKey, world.serverKey]) {
      const flags = flagsIn(await read(key))
      expect(flags.length).toBeGreaterThan(0)
      for (const flag of flags) expect(flag[name]).toBeNull()
    }
  })

  it.each(hiddenOfFeature)('§4: nulls feature.%s on every flag, for both keys', async (name) => {
    for (const key of [world.clientKey, world.serverKey]) {
      for (const { feature } of flagsIn(await read(key))) expect(feature[name]).toBeNull()
    }
  })

  it('§4: keeps id, name and type of the feature, enabled and the value', async () => {
    for (const flag of flagsIn(await read(world.serverKey))) {
      expect(flag.feature).toMatchObject({
        id: expect.any(Number),
        name: expect.any(String),
        type: expect.stringMatching(/^(STANDARD|MULTIVARIATE)$/),
      })
      expect(flag.enabled).toEqual(expect.any(Boolean))
      expect(flag.feature_state_value).not.toBeNull()
    }
  })
})

const identities = rows.filter(
  ([, path]) => path.startsWith('/identities/') && !path.includes('feature'),
)

it.each(identities)(
  '§4: %s %s empties traits, even those just sent',
  async (method, path, body) => {
    const response = await (body === undefined
      ? world.send(method, path)
      : world.sendJson(method, path, body))
    expect(await response.json()).toMatchObject({ traits: [] })
  },
)

it('§4: identities keep identifier and variant', async () => {
  const { identifier, flags } = await world.identify(sent)
  expect(identifier).toBe('ann')
  for (const flag of flags) expect(flag).toHaveProperty('variant')
  const one = await (await world.get('/identities/?identifier=ann&feature=checkout')).json()
  expect(one).toHaveProperty('variant')
})

it('§4: the legacy trait echoes what was sent', async () => {
  const trait = { identity: { identifier: 'ann' }, trait_value: 'gold', trait_key: 'plan' }
  const response = await world.sendJson('POST', '/traits/', trait)
  expect([response.status, await response.json()]).toEqual([200, trait])
})

it('§4: the document hides nothing and exports the setting', async () => {
  await world.publish()
  const document = (await (await world.get('/environment-document/', world.serverKey)).json()) as {
    hide_sensitive_data: boolean
    feature_states: { django_id: number; feature: { name: string } }[]
    identity_overrides: { identifier: string }[]
  }
  expect(document.hide_sensitive_data).toBe(true)
  expect(document.feature_states.every((state) => state.django_id > 0)).toBe(true)
  expect(document.identity_overrides.map((one) => one.identifier)).toEqual(['ann'])
})

it('§4: with the setting off everything is back', async () => {
  await world.configure({ hideSensitiveData: false })
  const { traits: shown, flags } = await world.identify({ identifier: 'ann' })
  expect(shown).toHaveLength(2)
  for (const flag of flags) {
    expect([flag.id, flag.feature.default_enabled]).toEqual([
      expect.any(Number),
      expect.any(Boolean),
    ])
  }
})
