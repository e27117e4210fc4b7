import { describe, expect, it } from 'vitest'
import { type Edit, fieldsOf, reverse } from '../../src/domain/reversal.ts'
import { readEdit } from '../../src/domain/revert-entry.ts'
import type { JsonObject } from '../../src/domain/write.ts'

const text = (value: string | null) => ({
  type: 'unicode',
  string_value: value,
  integer_value: null,
  boolean_value: null,
})
const int = (value: number) => ({ ...text(null), type: 'int', integer_value: value })

const state = (fields: JsonObject = {}, shares: Record<number, number> = {}): JsonObject => ({
  enabled: false,
  ...text('blue'),
  updated_at: Math.random(),
  ...fields,
  multivariate_feature_state_values: Object.entries(shares).map(([option, share]) => ({
    option_id: Number(option),
    percentage_allocation: share,
  })),
})

const rule = (value: string, id: number) => ({
  id,
  type: 'ALL',
  rules: [],
  conditions: [{ id, operator: 'EQUAL', property: 'plan', value }],
})

const segment = (fields: JsonObject = {}): JsonObject => ({
  name: 'gold',
  description: null,
  feature_id: null,
  rules: [rule('gold', 1)],
  ...fields,
})

const option = (id: number, fields: JsonObject = {}): JsonObject => ({
  id,
  key: null,
  ...text('a'),
  default_percentage_allocation: 30,
  ...fields,
})

const feature = (fields: JsonObject = {}): JsonObject => ({
  name: 'banner',
  type: 'STANDARD',
  description: null,
  initial_value: 'blue',
  default_enabled: false,
  is_archived: false,
  is_server_key_only: false,
  multivariate_options: [],
  tags: [],
  owners: [],
  group_owners: [],
  ...fields,
})

const order = (places: Record<number, number>): JsonObject => ({
  priorities: Object.entries(places).map(([id, priority]) => ({ id: Number(id), priority })),
})

type Sides = [before: JsonObject, after: JsonObject, present: JsonObject]

function reversal(edit: Edit, sides: Sides, force = false) {
  const [before, after, present] = sides.map((side) => fieldsOf(edit, side))
  if (before === undefined || after === undefined || present === undefined)
    throw new Error('erased')
  return reverse({ before, after, present }, force)
}

const value = 'feature_state_value'
const share = (option: number) => `multivariate_feature_state_values.${option}`

describe('what an edit changed goes back', () => {
  const cases: [string, Edit, Sides, [field: string, old: unknown, now: unknown][]][] = [
    [
      'a switch',
      'feature-state.updated',
      [state(), state({ enabled: true }), state({ enabled: true })],
      [['enabled', true, false]],
    ],
    [
      'a value of another type, whole',
      'feature-state.updated',
      [state(text('7')), state(int(7)), state(int(7))],
      [[value, 7, '7']],
    ],
    [
      'a value to none',
      'feature-state.updated',
      [state(text(null)), state(text('')), state(text(''))],
      [[value, '', null]],
    ],
    [
      'shares that moved',
      'feature-state.updated',
      [state({}, { 1: 30, 2: 20 }), state({}, { 1: 40, 2: 20 }), state({}, { 1: 40, 2: 20 })],
      [[share(1), 40, 30]],
    ],
    [
      'a first share, to nothing',
      'feature-state.updated',
      [state(), state({}, { 1: 40 }), state({}, { 1: 40 })],
      [[share(1), 40, 0]],
    ],
    [
      'rules, whatever their ids and the order of their members',
      'segment.updated',
      [
        segment({ rules: [rule('silver', 1)] }),
        segment({ rules: [rule('gold', 2)] }),
        segment({ rules: [Object.fromEntries(Object.entries(rule('gold', 9)).reverse())] }),
      ],
      [
        [
          'rules',
          [
            {
              type: 'ALL',
              rules: [],
              conditions: [{ operator: 'EQUAL', property: 'plan', value: 'gold' }],
            },
          ],
          [
            {
              type: 'ALL',
              rules: [],
              conditions: [{ operator: 'EQUAL', property: 'plan', value: 'silver' }],
            },
          ],
        ],
      ],
    ],
    [
      'all settings of a feature',
      'feature.updated',
      [
        feature({ description: 'old', tags: [1, 2], owners: [5] }),
        feature({ is_archived: true, is_server_key_only: true, tags: [2], owners: [5, 6] }),
        feature({ is_archived: true, is_server_key_only: true, tags: [2], owners: [6, 5] }),
      ],
      [
        ['description', null, 'old'],
        ['is_archived', true, false],
        ['is_server_key_only', true, false],
        ['tags', [2], [1, 2]],
        ['owners', [5, 6], [5]],
      ],
    ],
    [
      'what was edited of options, not those that came and went, nor the type that follows',
      'feature.updated',
      [
        feature({ multivariate_options: [option(1), option(2)] }),
        feature({
          type: 'MULTIVARIATE',
          multivariate_options: [option(1, { key: 'a' }), option(3)],
        }),
        feature({
          type: 'MULTIVARIATE',
          multivariate_options: [option(1, { key: 'a' }), option(3)],
        }),
      ],
      [['multivariate_options.1.key', 'a', null]],
    ],
    [
      'the type of a feature without options',
      'feature.updated',
      [feature(), feature({ type: 'MULTIVARIATE' }), feature({ type: 'MULTIVARIATE' })],
      [['type', 'MULTIVARIATE', 'STANDARD']],
    ],
    [
      'places of overrides',
      'feature-segment.reordered',
      [order({ 1: 0, 2: 1 }), order({ 1: 1, 2: 0 }), order({ 1: 1, 2: 0, 3: 2 })],
      [
        ['priorities.1', 1, 0],
        ['priorities.2', 0, 1],
      ],
    ],
  ]

  it.each(cases)('%s', (_, edit, sides, changes) => {
    expect(reversal(edit, sides)).toEqual({
      changes: changes.map(([field, old, now]) => ({ field, old, new: now })),
      conflicts: [],
    })
  })
})

describe('what is there now', () => {
  const edited: [JsonObject, JsonObject] = [state(), state({ enabled: true, ...text('red') })]

  it('and is as it was before needs nothing', () => {
    expect(reversal('feature-state.updated', [...edited, state()])).toEqual({
      changes: [],
      conflicts: [],
    })
  })

  it('and was changed again is a conflict, and only by force taken back', () => {
    const present = state({ enabled: true, ...text('green') })
    const conflicts = [{ field: value, expected: 'red', present: 'green' }]
    const undisputed = { field: 'enabled', old: true, new: false }
    expect(reversal('feature-state.updated', [...edited, present])).toEqual({
      changes: [undisputed],
      conflicts,
    })
    expect(reversal('feature-state.updated', [...edited, present], true)).toEqual({
      changes: [undisputed, { field: value, old: 'green', new: 'blue' }],
      conflicts,
    })
  })

  it('and was not changed by the entry is left alone, even by force', () => {
    const sides: Sides = [state(), state({ enabled: true }), state({ enabled: true, ...int(3) })]
    expect(reversal('feature-state.updated', sides, true).changes).toEqual([
      { field: 'enabled', old: true, new: false },
    ])
  })

  it('and has lost a part is a conflict', () => {
    const options = (key: string) => feature({ multivariate_options: [option(1, { key })] })
    const sides: Sides = [options('a'), options('b'), feature()]
    expect(reversal('feature.updated', sides).conflicts).toEqual([
      { field: 'multivariate_options.1.key', expected: 'b', present: null },
    ])
  })
})

describe('an entry', () => {
  const told = {
    sequence: 7,
    outcome: 'ok',
    action: 'feature-state.updated',
    resource: { type: 'FEATURE_STATE', id: '5', uuid: null, name: 'banner' },
    project: 2,
    environment: { id: 3, name: 'Production' },
    before: state(),
    after: state({ feature_segment_id: 4 }),
  }

  it('of an edit says what it is about', () => {
    const about = { sequence: 7, resourceId: 5, projectId: 2, environmentId: 3, isOfSegment: true }
    expect(readEdit(told)).toMatchObject({ kind: 'ok', value: about })
  })

  it('of what was refused then has nothing to take back', () => {
    const text = expect.stringContaining('refused then')
    const errors = { non_field_errors: [text] }
    expect(readEdit({ ...told, outcome: 'denied' })).toEqual({ kind: 'invalid', errors })
  })

  it.each([
    ['all before it', { before: null }],
    ['parts of it', { after: { feature_segment_id: 4 } }],
  ])('of which %s was erased is no use any more', (_, erased) => {
    const code = 'audit-revert-erased'
    expect(readEdit({ ...told, ...erased })).toMatchObject({ kind: 'conflict', code })
  })

  it.each(['segment.updated', 'feature.updated', 'feature-segment.reordered'])(
    'of %s needs what it would take back',
    (action) => {
      const erased = { ...told, action, before: { id: 5 }, after: { id: 5 } }
      expect(readEdit(erased)).toMatchObject({ code: 'audit-revert-erased' })
    },
  )
})
