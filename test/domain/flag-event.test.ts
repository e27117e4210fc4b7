import { describe, expect, it } from 'vitest'
import type { Flag } from '../../src/domain/flag.ts'
import { flagEvent } from '../../src/domain/flag-event.ts'
import type { Context } from '../../src/domain/write.ts'

const nobody = null as unknown as Context['db']

const context = (name: string): Context => ({
  db: nobody,
  now: 1_767_323_045_678,
  actor: { kind: 'user', id: '1', credential: null, name },
  secret: '',
  reserve: async (counts) => counts,
  homes: [],
})

const flag = {
  project: {
    id: 1,
    uuid: 'p',
    organisationId: 9,
    name: 'Website',
    hideDisabledFlags: false,
    preventFlagDefaults: false,
    enableRealtimeUpdates: false,
    onlyAllowLowerCaseFeatureNames: true,
    featureNameRegex: null,
    staleFlagsLimitDays: 30,
    enforceFeatureOwners: false,
    maxFeaturesAllowed: 1000,
    maxSegmentsAllowed: 500,
    maxSegmentOverridesAllowed: 2000,
    maxSegmentConditionsAllowed: 100,
    maxFeatureValueBytes: 20000,
    createdAt: 0,
  },
  environment: {
    id: 2,
    uuid: 'e',
    projectId: 1,
    name: 'Live',
    description: null,
    apiKey: 'client-key',
    allowClientTraits: true,
    bannerText: null,
    bannerColour: null,
    hideDisabledFlags: null,
    hideSensitiveData: false,
    useIdentityCompositeKeyForHashing: true,
    useIdentityOverridesInLocalEval: true,
    version: 7,
    createdAt: 0,
    updatedAt: 0,
  },
  feature: {
    id: 3,
    uuid: 'f',
    projectId: 1,
    name: 'banner',
    type: 'MULTIVARIATE',
    description: 'Hello',
    initialValue: 'blue',
    defaultEnabled: true,
    isArchived: false,
    isServerKeyOnly: false,
    createdAt: 0,
    version: 1,
  },
  target: { kind: 'default' },
  state: {
    id: 4,
    uuid: 's',
    featureId: 3,
    environmentId: 2,
    featureSegmentId: null,
    identityId: null,
    identifier: null,
    enabled: true,
    type: 'int',
    stringValue: null,
    integerValue: 5,
    booleanValue: null,
    createdAt: 0,
    updatedAt: 0,
  },
  shares: [
    { id: 5, uuid: 'v', featureStateId: 4, optionId: 6, percentageAllocation: 12.5 },
    { id: 7, uuid: 'w', featureStateId: 4, optionId: 99, percentageAllocation: 1 },
  ],
  options: [
    {
      id: 6,
      uuid: 'o',
      featureId: 3,
      key: 'a',
      type: 'bool',
      stringValue: null,
      integerValue: null,
      booleanValue: false,
      defaultPercentageAllocation: 10,
    },
  ],
} satisfies Flag

const told = {
  enabled: true,
  environment: { id: 2, name: 'Live' },
  feature: {
    id: 3,
    name: 'banner',
    type: 'MULTIVARIATE',
    description: 'Hello',
    initial_value: 'blue',
    default_enabled: true,
    created_date: '1970-01-01T00:00:00.000000Z',
    project: { id: 1, name: 'Website' },
  },
  feature_segment: null,
  feature_state_value: 5,
  identity: null,
  identity_identifier: null,
  multivariate_feature_state_values: [
    { id: 5, multivariate_feature_option: { id: 6, value: false }, percentage_allocation: 12.5 },
  ],
}

describe('an event about a flag', () => {
  it('tells who changed it, when, and its state before and after', () => {
    const before = { ...flag, state: { ...flag.state, enabled: false } }
    expect(flagEvent(context('a@example.com'), 2, { before, after: flag })).toEqual({
      type: 'FLAG_UPDATED',
      environmentId: 2,
      data: {
        changed_by: 'a@example.com',
        timestamp: '2026-01-02T03:04:05.678000Z',
        new_state: told,
        previous_state: { ...told, enabled: false },
      },
    })
  })

  it('of a new flag has no previous state', () => {
    const { type, data } = flagEvent(context('key'), 2, { before: null, after: flag })
    expect(type).toBe('FLAG_UPDATED')
    expect(Object.keys(data)).toEqual(['changed_by', 'timestamp', 'new_state'])
  })

  it('of a deleted flag has no new state', () => {
    const { type, data } = flagEvent(context('key'), 2, { before: flag, after: null })
    expect(type).toBe('FLAG_DELETED')
    expect(data).toMatchObject({ new_state: null, previous_state: told })
  })

  it('carries no key of the environment', () => {
    const event = flagEvent(context('key'), 2, { before: flag, after: flag })
    expect(JSON.stringify(event)).not.toContain('client-key')
  })
})
