import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { publishDocument } from '../../src/document/publish.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { identities } from '../../src/storage/identities.ts'
import { toValueColumns } from '../../src/storage/values.ts'
import { newFeature, putIdentity, write } from '../support/world.ts'
import {
  addOverride,
  ask,
  createServedWorld,
  publish,
  readDocumentOf,
  type ServedWorld,
} from './documents.ts'

let world: ServedWorld

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/)

const rules = [
  {
    type: 'ALL',
    rules: [
      {
        type: 'ANY',
        rules: [],
        conditions: [
          { operator: 'EQUAL', value: 'pro', property: 'plan' },
          { operator: 'IS_SET', value: null, property: 'beta' },
        ],
      },
    ],
    conditions: [],
  },
]

/** Names in their order, at every depth. */
const keysOf = (value: unknown): unknown =>
  value === null || typeof value !== 'object' || 'asymmetricMatch' in value
    ? null
    : Object.entries(value).map(([key, inner]) => [key, keysOf(inner)])

const option = (key: string | null, value: string, share: number) => ({
  key,
  ...toValueColumns(value),
  defaultPercentageAllocation: share,
})

beforeAll(async () => {
  world = await createServedWorld()
})

describe('GET /environment-document/', () => {
  it('is the document of the contract, key for key and in its order', async () => {
    const shown = await createServedWorld()
    const { organisationId, projectId, environment, featureId } = shown
    await write(organisationId, 'feature.create', {
      projectId,
      feature: { ...newFeature('größe'), isServerKeyOnly: true, initialValue: '12' },
    })
    const segment = await write(organisationId, 'segment.create', {
      projectId,
      featureId: null,
      settings: { name: 'beta', description: null, rules },
    })
    const link = await write(organisationId, 'feature-segment.create', {
      environmentId: environment.id,
      featureId,
      segmentId: segment.id,
    })
    await write(organisationId, 'override.create', {
      environmentId: environment.id,
      featureId,
      target: { kind: 'segment', featureSegmentId: link.id },
      changes: { enabled: true, value: 'red' },
    })
    await addOverride(shown, { id: 55, identifier: 'jürgen' }, { value: 7 })
    await publish(shown)
    const response = await ask('/environment-document/', { key: shown.serverKey })
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    const text = await response.text()
    const document = JSON.parse(text)
    const state = (feature: object, rest: object) => ({
      feature,
      enabled: false,
      django_id: expect.any(Number),
      feature_segment: null,
      featurestate_uuid: uuid,
      feature_state_value: 'blue',
      multivariate_feature_state_values: [],
      ...rest,
    })
    const banner = { id: featureId, name: 'banner', type: 'STANDARD' }
    const secret = { id: document.feature_states[1].feature.id, name: 'größe', type: 'STANDARD' }
    const expected = {
      id: environment.id,
      api_key: environment.apiKey,
      project: {
        id: projectId,
        name: 'Website',
        organisation: {
          id: organisationId,
          name: `Organisation ${organisationId}`,
          feature_analytics: false,
          stop_serving_flags: false,
          persist_trait_data: true,
        },
        hide_disabled_flags: false,
        segments: [
          {
            id: segment.id,
            name: 'beta',
            rules: [
              {
                type: 'ALL',
                rules: [
                  {
                    type: 'ANY',
                    rules: [],
                    conditions: [
                      { operator: 'EQUAL', value: 'pro', property_: 'plan' },
                      { operator: 'IS_SET', value: null, property_: 'beta' },
                    ],
                  },
                ],
                conditions: [],
              },
            ],
            feature_states: [
              state(banner, {
                enabled: true,
                feature_segment: { priority: 0 },
                feature_state_value: 'red',
              }),
            ],
          },
        ],
        enable_realtime_updates: false,
        server_key_only_feature_ids: [secret.id],
      },
      feature_states: [
        state(banner, { django_id: shown.stateId }),
        state(secret, { feature_state_value: 12 }),
      ],
      identity_overrides: [
        {
          identifier: 'jürgen',
          environment_api_key: environment.apiKey,
          created_date: time,
          identity_features: [state(banner, { feature_state_value: 7 })],
          identity_traits: [],
          identity_uuid: uuid,
          django_id: 55,
          dashboard_alias: null,
          composite_key: `${environment.apiKey}_jürgen`,
        },
      ],
      name: 'Production',
      allow_client_traits: true,
      updated_at: time,
      hide_sensitive_data: false,
      hide_disabled_flags: null,
      use_identity_composite_key_for_hashing: true,
      use_identity_overrides_in_local_eval: true,
    }
    expect(document).toEqual(expected)
    expect(keysOf(document)).toEqual(keysOf(expected))
    expect(text).toContain('"gr\\u00f6\\u00dfe"')
    expect(/[^ -~]/.test(text)).toBe(false)
  })

  it('carries each option with its key, and a chosen one as the value of the override too', async () => {
    const { feature, options } = await write(world.organisationId, 'feature.create', {
      projectId: world.projectId,
      feature: {
        ...newFeature('button'),
        type: 'MULTIVARIATE',
        initialValue: 'control',
        options: [option('first', 'one', 30), option(null, 'two', 20)],
      },
    })
    const [first, second] = options
    if (first === undefined || second === undefined) throw new Error('there are two options')
    const shares = (a: number, b: number) => [
      { optionId: first.id, percentageAllocation: a },
      { optionId: second.id, percentageAllocation: b },
    ]
    await addOverride(
      world,
      { id: 1, identifier: 'all', featureId: feature.id },
      { shares: shares(0, 100) },
    )
    await addOverride(
      world,
      { id: 2, identifier: 'half', featureId: feature.id },
      { shares: shares(50, 50) },
    )
    await publishDocument(env, world.environment.id)
    const document = await readDocumentOf(world)
    const [, button] = document.feature_states
    expect(button?.feature_state_value).toBe('control')
    expect(button?.multivariate_feature_state_values).toEqual([
      {
        multivariate_feature_option: { value: 'one', id: first.id, key: 'first' },
        percentage_allocation: 30,
        id: expect.any(Number),
        mv_fs_value_uuid: uuid,
      },
      {
        multivariate_feature_option: { value: 'two', id: second.id, key: null },
        percentage_allocation: 20,
        id: expect.any(Number),
        mv_fs_value_uuid: uuid,
      },
    ])
    const served = document.identity_overrides.map(({ identifier, identity_features }) => [
      identifier,
      identity_features[0]?.feature_state_value,
      identity_features[0]?.multivariate_feature_state_values.map(
        (share) => share.percentage_allocation,
      ),
    ])
    expect(served).toEqual([
      ['all', 'two', [0, 100]],
      ['half', 'control', [50, 50]],
    ])
  })

  it('says when an identity came where that is known, and keeps its uuid', async () => {
    const own = await createServedWorld()
    await putIdentity(own.environment.id, { id: 8, identifier: 'earlier in the table' })
    await addOverride(own, { id: 9, identifier: 'early' })
    await openDatabase(env.DB)
      .update(identities)
      .set({ createdAt: Date.UTC(2024, 3, 18, 8, 16, 20) })
      .where(eq(identities.id, 9))
    await publishDocument(env, own.environment.id)
    const [before] = (await readDocumentOf(own)).identity_overrides
    expect(before?.created_date).toBe('2024-04-18T08:16:20+00:00')
    await publish(own)
    const [after] = (await readDocumentOf(own)).identity_overrides
    expect(after?.identity_uuid).toBe(before?.identity_uuid)
  })

  it('has no identity overrides when the environment keeps them out of local evaluation', async () => {
    const own = await createServedWorld()
    await addOverride(own, { id: 9, identifier: 'early' })
    await publish(own, { useIdentityOverridesInLocalEval: false })
    const document = await readDocumentOf(own)
    expect(document.identity_overrides).toEqual([])
    expect(document).toMatchObject({ use_identity_overrides_in_local_eval: false })
  })
})
