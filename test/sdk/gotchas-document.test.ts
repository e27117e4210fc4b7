/** The contract's most error-prone details of the environment document (sdk-api §12, 22 to 28). */
import { beforeAll, describe, expect, it } from 'vitest'
import { percentage } from '../../src/engine/percentage.ts'
import { newFeature, write } from '../support/world.ts'
import { ask, type DocumentState, insertOverrides, type ServedDocument } from './documents.ts'
import { byName, createIdentityWorld, type IdentityWorld } from './identity-world.ts'

const path = '/environment-document/'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const fetchDocument = (headers: Record<string, string> = {}) =>
  ask(path, { key: world.serverKey, headers })

type Body = ServedDocument & { [name: string]: unknown }

const readDocument = async (): Promise<Body> => (await fetchDocument()).json()

const stateOf = (states: DocumentState[], name: string): DocumentState => {
  const found = states.find((state) => state.feature.name === name)
  if (found === undefined) throw new Error(`no state of ${name}`)
  return found
}

/** Which option an SDK chooses that evaluates by itself, by the contract's own recipe (§5.6). */
function chosenLocally(state: DocumentState, key: string): unknown {
  const place = percentage(String(state.django_id), key)
  let end = 0
  const shares = state.multivariate_feature_state_values.toSorted((a, b) => a.id - b.id)
  for (const share of shares) {
    end += share.percentage_allocation
    if (place < end) return share.multivariate_feature_option.value
  }
  return state.feature_state_value
}

/** Whether local and remote agree for some identities, and not by serving everybody the same. */
async function expectParity(stateIn: (document: Body) => DocumentState, sent: object) {
  const document = await readDocument()
  const state = stateIn(document)
  const seen = new Set<unknown>()
  for (let n = 0; n < 12; n++) {
    const identifier = `parity ${n}`
    const { flags } = await world.identify({ identifier, transient: true, ...sent })
    const served = byName(flags, state.feature.name).feature_state_value
    expect(served).toBe(chosenLocally(state, `${document.api_key}_${identifier}`))
    seen.add(served)
  }
  expect(seen.size).toBe(2)
}

it('gotcha 22: api_key is the client-side key, and composite keys are made of it', async () => {
  await world.identify({ identifier: 'ann' })
  await world.override('ann', world.featureId, { value: 'own' })
  await world.publish()
  const document = await readDocument()
  expect(document.api_key).toBe(world.clientKey)
  const [override] = document.identity_overrides
  expect(override?.composite_key).toBe(`${world.clientKey}_ann`)
  expect(override).toMatchObject({ environment_api_key: world.clientKey })
  expect(JSON.stringify(document)).not.toContain(world.serverKey)
})

describe('gotcha 23: django_id', () => {
  it('gotcha 23: splits locally as the server does', async () => {
    await expectParity(({ feature_states }) => stateOf(feature_states, 'checkout'), {})
  })

  it('gotcha 23: of a segment override splits by its own seed, locally as on the server', async () => {
    const link = await write(world.organisationId, 'feature-segment.create', {
      environmentId: world.environmentId,
      featureId: world.checkoutId,
      segmentId: world.segmentId,
    })
    await write(world.organisationId, 'override.create', {
      environmentId: world.environmentId,
      featureId: world.checkoutId,
      target: { kind: 'segment', featureSegmentId: link.id },
      changes: { value: 'control for gold' },
    })
    await world.publish()
    const overridden = ({ project }: Body) =>
      stateOf(project.segments[0]?.feature_states ?? [], 'checkout')
    const document = await readDocument()
    expect(overridden(document).django_id).not.toBe(
      stateOf(document.feature_states, 'checkout').django_id,
    )
    await expectParity(overridden, { traits: [{ trait_key: 'plan', trait_value: 'gold' }] })
  })
})

describe('gotcha 24: what breaks strict SDKs', () => {
  const ids: unknown[] = []
  const collectIds = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'id' || name === 'django_id') ids.push(inner)
      collectIds(inner)
    }
  }

  it('gotcha 24: priorities, ids, condition values and hide_disabled_flags are what they must be', async () => {
    const conditions = ['IS_SET', 'PERCENTAGE_SPLIT', 'IN', 'EQUAL'].map((operator) => ({
      operator,
      property: operator === 'PERCENTAGE_SPLIT' ? null : 'plan',
      value: operator === 'IN' ? '["a",1]' : null,
    }))
    await write(world.organisationId, 'segment.create', {
      projectId: world.projectId,
      featureId: null,
      settings: {
        name: 'odd',
        description: null,
        rules: [{ type: 'ALL', rules: [], conditions }],
      },
    })
    await world.publish()
    const document = await readDocument()
    collectIds(document)
    for (const id of ids) {
      expect(Number.isInteger(id) && Number(id) > 0 && Number(id) <= 2147483647).toBe(true)
    }
    const { project } = document as unknown as {
      project: { hide_disabled_flags: unknown; segments: ServedDocument['project']['segments'] }
    }
    expect(project.hide_disabled_flags).toBe(false)
    expect(document.hide_disabled_flags).toBeNull()
    const overrides = project.segments.flatMap((segment) => segment.feature_states)
    expect(overrides.length).toBeGreaterThan(0)
    for (const state of overrides) {
      expect(state.feature_segment?.priority).toBeGreaterThanOrEqual(0)
    }
    const text = JSON.stringify(project.segments)
    expect(text).toContain('"operator":"PERCENTAGE_SPLIT","value":""')
    for (const [, value] of text.matchAll(/"value":("|null|.)/g)) {
      expect(['"', 'null']).toContain(value)
    }
  })
})

describe('gotcha 25: the time of the document', () => {
  it('gotcha 25: is RFC 3339 with its zone, and the same as in the header', async () => {
    const response = await fetchDocument()
    const { updated_at }: Body = await response.json()
    expect(updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/)
    const header = Number(response.headers.get('X-Flagsmith-Document-Updated-At'))
    expect(Date.parse(updated_at)).toBe(Math.round(header * 1_000))
  })

  it('gotcha 25: makes a 304 by the second, for GMT dates only', async () => {
    const full = await fetchDocument()
    await full.body?.cancel()
    const date = full.headers.get('Last-Modified') ?? ''
    const statusFor = async (since: string) => {
      const response = await fetchDocument({ 'If-Modified-Since': since })
      await response.body?.cancel()
      return response.status
    }
    const later = new Date(Date.parse(date) + 1_000).toUTCString()
    const earlier = new Date(Date.parse(date) - 1_000).toUTCString()
    expect([await statusFor(date), await statusFor(later)]).toEqual([304, 304])
    expect(await statusFor(earlier)).toBe(200)
    expect(await statusFor(date.replace('GMT', '+0000'))).toBe(200)
    expect(await statusFor('yesterday')).toBe(200)
  })
})

it('gotcha 26: a document of two thousand overrides is one page without a Link', async () => {
  const own = await createIdentityWorld()
  await insertOverrides(own, { from: 1, to: 2_000 })
  await own.publish()
  for (const at of [path, `${path}?page_id=identity_override%3A1%3Ax`]) {
    const response = await own.get(at, own.serverKey)
    expect(response.headers.get('Link')).toBeNull()
    const { identity_overrides }: ServedDocument = await response.json()
    expect(identity_overrides).toHaveLength(2_000)
  }
})

it('gotcha 27: disabled, archived and server-only features are in it, whatever is hidden', async () => {
  const { feature } = await write(world.organisationId, 'feature.create', {
    projectId: world.projectId,
    feature: { ...newFeature('old'), isArchived: true },
  })
  await world.configure({ hideDisabledFlags: true })
  const document = await readDocument()
  expect(document.feature_states.map((state) => state.feature.name)).toEqual([
    'banner',
    'secret_limit',
    'checkout',
    'off',
    'old',
  ])
  expect(stateOf(document.feature_states, 'old').feature.id).toBe(feature.id)
  expect(document.project.server_key_only_feature_ids).toEqual([world.secretId])
  await world.configure({ hideDisabledFlags: null })
})

it('gotcha 28: the option an identity override chose is its value as well', async () => {
  await world.identify({ identifier: 'quin' })
  const { shares } = await world.override('quin', world.checkoutId, {})
  const [short, long] = shares
  await world.identify({ identifier: 'rosa' })
  await world.override('rosa', world.checkoutId, {
    shares: [
      { optionId: short?.optionId ?? 0, percentageAllocation: 0 },
      { optionId: long?.optionId ?? 0, percentageAllocation: 100 },
    ],
  })
  await world.publish()
  const { identity_overrides } = await readDocument()
  const rosa = identity_overrides.find((one) => one.identifier === 'rosa')
  expect(stateOf(rosa?.identity_features ?? [], 'checkout').feature_state_value).toBe('long form')
  const { flags } = await world.identify({ identifier: 'rosa' })
  expect(byName(flags, 'checkout').feature_state_value).toBe('long form')
})
