/** The environment document, fact by fact (contract sdk-api §2.4). */
import { beforeAll, describe, expect, it } from 'vitest'
import { newFeature, write } from '../support/world.ts'
import { ask, type ServedDocument } from './documents.ts'
import { createIdentityWorld, type IdentityWorld, traits } from './identity-world.ts'

const path = '/environment-document/'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

type Body = ServedDocument & Record<string, unknown>

const readDocument = async (): Promise<Body> => (await world.get(path, world.serverKey)).json()

const segment = (name: string, featureId: number | null = null) =>
  write(world.organisationId, 'segment.create', {
    projectId: world.projectId,
    featureId,
    settings: { name, description: null, rules: [{ type: 'ALL', rules: [], conditions: [] }] },
  })

it('§2.4: has the keys of the contract in their order, and none of integrations', async () => {
  const document = await readDocument()
  expect(Object.keys(document)).toEqual([
    'id',
    'api_key',
    'project',
    'feature_states',
    'identity_overrides',
    'name',
    'allow_client_traits',
    'updated_at',
    'hide_sensitive_data',
    'hide_disabled_flags',
    'use_identity_composite_key_for_hashing',
    'use_identity_overrides_in_local_eval',
  ])
  expect(Object.keys(document.project)).toEqual([
    'id',
    'name',
    'organisation',
    'hide_disabled_flags',
    'segments',
    'enable_realtime_updates',
    'server_key_only_feature_ids',
  ])
  expect(JSON.stringify(document)).not.toMatch(/_config"/)
})

it('§2.4: a state has the keys of the contract in their order, its shares too', async () => {
  const { feature_states } = await readDocument()
  const checkout = feature_states.find((state) => state.feature.name === 'checkout')
  expect(Object.keys(checkout ?? {})).toEqual([
    'feature',
    'enabled',
    'django_id',
    'feature_segment',
    'featurestate_uuid',
    'feature_state_value',
    'multivariate_feature_state_values',
  ])
  const [share] = checkout?.multivariate_feature_state_values ?? []
  expect(Object.keys(share ?? {})).toEqual([
    'multivariate_feature_option',
    'percentage_allocation',
    'id',
    'mv_fs_value_uuid',
  ])
  expect(Object.keys(share?.multivariate_feature_option ?? {})).toEqual(['value', 'id', 'key'])
})

describe('§2.4: segments', () => {
  it('§2.4: are there unused, but one of a feature only where it overrides it', async () => {
    await segment('unused')
    const idle = await segment('idle', world.checkoutId)
    const busy = await segment('busy', world.checkoutId)
    const link = await write(world.organisationId, 'feature-segment.create', {
      environmentId: world.environmentId,
      featureId: world.checkoutId,
      segmentId: busy.id,
    })
    await write(world.organisationId, 'override.create', {
      environmentId: world.environmentId,
      featureId: world.checkoutId,
      target: { kind: 'segment', featureSegmentId: link.id },
      changes: { enabled: false },
    })
    await world.publish()
    const { project } = await readDocument()
    const names = project.segments.map((one) => one.name)
    expect(names).toEqual(expect.arrayContaining(['gold', 'unused', 'busy']))
    expect(names).not.toContain(idle.name)
  })

  it('§2.4: carry the overrides of this environment only', async () => {
    const other = await write(world.organisationId, 'environment.create', {
      projectId: world.projectId,
      settings: { name: 'Staging' },
    })
    const link = await write(world.organisationId, 'feature-segment.create', {
      environmentId: other.id,
      featureId: world.checkoutId,
      segmentId: world.segmentId,
    })
    await write(world.organisationId, 'override.create', {
      environmentId: other.id,
      featureId: world.checkoutId,
      target: { kind: 'segment', featureSegmentId: link.id },
      changes: { value: 'elsewhere' },
    })
    await world.publish()
    const { project } = await readDocument()
    const gold = project.segments.find((one) => one.name === 'gold')
    expect(gold?.feature_states.map((state) => state.feature.name)).toEqual(['banner'])
  })
})

it('§2.4: server_key_only_feature_ids names those features and no others', async () => {
  const { feature } = await write(world.organisationId, 'feature.create', {
    projectId: world.projectId,
    feature: { ...newFeature('inner'), isServerKeyOnly: true },
  })
  await world.publish()
  const { project } = await readDocument()
  expect(project.server_key_only_feature_ids).toEqual([world.secretId, feature.id])
})

it('§2.4: identity overrides never bring traits, and are [] where local evaluation has none', async () => {
  await world.identify({ identifier: 'ann', traits: traits({ plan: 'gold' }) })
  await world.override('ann', world.featureId, { value: 'own' })
  await world.publish()
  const [override] = (await readDocument()).identity_overrides
  expect(Object.keys(override ?? {})).toEqual([
    'identifier',
    'environment_api_key',
    'created_date',
    'identity_features',
    'identity_traits',
    'identity_uuid',
    'django_id',
    'dashboard_alias',
    'composite_key',
  ])
  expect(override).toMatchObject({ identifier: 'ann', identity_traits: [], dashboard_alias: null })
  await world.configure({ useIdentityOverridesInLocalEval: false })
  expect((await readDocument()).identity_overrides).toEqual([])
  await world.configure({ useIdentityOverridesInLocalEval: true })
})

it.each([
  ['allowClientTraits', 'allow_client_traits', false],
  ['hideSensitiveData', 'hide_sensitive_data', true],
  ['hideDisabledFlags', 'hide_disabled_flags', true],
  ['useIdentityCompositeKeyForHashing', 'use_identity_composite_key_for_hashing', false],
])('§3: %s is exported as %s', async (setting, name, value) => {
  await world.configure({ [setting]: value })
  expect((await readDocument())[name]).toBe(value)
  await world.configure({ [setting]: setting === 'hideDisabledFlags' ? null : !value })
})

describe('§2.4: a condition', () => {
  const get = (headers: Record<string, string>) => ask(path, { key: world.serverKey, headers })

  it('§2.4: that holds is an empty 304 with Last-Modified and without the header', async () => {
    const full = await get({})
    await full.body?.cancel()
    const date = full.headers.get('Last-Modified') ?? ''
    const response = await get({ 'If-Modified-Since': date })
    expect([response.status, await response.text()]).toEqual([304, ''])
    expect(response.headers.get('Last-Modified')).toBe(date)
    expect(response.headers.get('X-Flagsmith-Document-Updated-At')).toBeNull()
  })

  it.each(['2099-01-01T00:00:00Z', 'Thu, 01 Jan 2099 00:00:00 +0000', 'garbage', ''])(
    '§2.4: of the date "%s" is none',
    async (date) => {
      const response = await get({ 'If-Modified-Since': date })
      await response.body?.cancel()
      expect(response.status).toBe(200)
    },
  )
})

it('§2.4: is never paged', async () => {
  expect((await world.get(path, world.serverKey)).headers.get('Link')).toBeNull()
})
