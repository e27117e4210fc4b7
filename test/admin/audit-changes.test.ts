/** What entries tell of changes, and how patterns and views read them: without a database. */
import { describe, expect, it } from 'vitest'
import { changeDetails, changeTypeOf, patchOf } from '../../src/admin/audit-changes.ts'
import { csvCell } from '../../src/admin/audit-csv.ts'
import { isLike, matchesAction } from '../../src/admin/audit-query.ts'
import { fliptTypesOf, fliptView } from '../../src/admin/audit-record.ts'
import type { Recorded } from '../../src/storage/records.ts'

describe('a pattern', () => {
  it.each([
    ['feature:created', 'feature.created', true],
    ['feature:created', 'feature.updated', false],
    ['feature:*', 'feature.updated', true],
    ['feature:*', 'feature-state.updated', false],
    ['*:updated', 'feature-state.updated', true],
    ['*:updated', 'feature-state.created', false],
    ['*:*', 'tag.deleted', true],
    ['*', 'tag.deleted', true],
    ['feature*:*ed', 'feature-state.updated', true],
    ['*-state:*', 'feature-state.updated', true],
    ['f*t*e:*', 'feature-state.updated', true],
    ['feature.created', 'feature.created', true],
    ['feature.*', 'feature.created', true],
    ['feature', 'feature.created', false],
    ['feature:', 'feature.created', false],
    [':created', 'feature.created', false],
    ['a:b:c', 'a.b', false],
    ['**', '', true],
    ['aa*aa', 'aaa', false],
    ['', '', true],
  ])('%s of %s: %s', (pattern, action, expected) => {
    expect(matchesAction(pattern, { action })).toBe(expected)
  })

  it('is read once, however many stars it has', () => {
    const started = performance.now()
    expect(isLike('*a'.repeat(100), `${'a'.repeat(5_000)}b`)).toBe(false)
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('change details', () => {
  const kind = { action: 'x.updated', resourceType: 'ENVIRONMENT' }

  it('are the scalars that changed, without what only keeps time or versions', () => {
    const before = { name: 'a', on: true, list: [1], version: 1, updated_at: 1, live_from: 1 }
    const after = {
      name: 'b',
      on: true,
      list: [2],
      version: 2,
      updated_at: 2,
      live_from: 2,
      new: 0,
    }
    expect(changeDetails(kind, { before, after })).toEqual([
      { field: 'name', old: 'a', new: 'b' },
      { field: 'new', old: null, new: 0 },
    ])
  })

  it('and the type follow from what there is before and after', () => {
    const [some, none] = [{ id: 1 }, null]
    expect(changeTypeOf('x.created', { before: none, after: some })).toBe('CREATE')
    expect(changeTypeOf('x.updated', { before: some, after: some })).toBe('UPDATE')
    expect(changeTypeOf('x.deleted', { before: some, after: none })).toBe('DELETE')
    expect(changeTypeOf('session.created', { before: none, after: none })).toBe('UNKNOWN')
    const order = { before: { priority: 1 }, after: { priority: 2 } }
    expect(changeTypeOf('feature-segment.reordered', order)).toBe('UNKNOWN')
    const reordered = { action: 'feature-segment.reordered', resourceType: 'FEATURE' }
    expect(changeDetails(reordered, order)).toEqual([])
    expect(changeDetails(kind, { before: some, after: none })).toEqual([])
    expect(changeDetails(kind, { before: none, after: some })).toEqual([])
    const state = { action: 'feature-state.created', resourceType: 'FEATURE_STATE' }
    expect(changeDetails(state, { before: none, after: some })).toEqual([
      { field: 'id', old: null, new: 1 },
    ])
  })
})

it('a patch leads from before to after', () => {
  const before = { same: 1, gone: 'x', 'a/b~c': { deep: 1, kept: [1] }, list: [1, 2], '': null }
  const after = { same: 1, 'a/b~c': { deep: 2, kept: [1] }, list: [2], '': null, fresh: { a: 1 } }
  expect(patchOf(before, after)).toEqual([
    { op: 'remove', path: '/gone', old: 'x' },
    { op: 'replace', path: '/a~1b~0c/deep', value: 2, old: 1 },
    { op: 'replace', path: '/list', value: [2], old: [1, 2] },
    { op: 'add', path: '/fresh', value: { a: 1 } },
  ])
  expect(patchOf(after, after)).toEqual([])
})

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1', "'=1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@a', "'@a"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['=a,"b"', '"\'=a,""b"""'],
  ['', ''],
  [null, ''],
  [7, '7'],
])('the cell of %j is %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

describe('an event of Flipt', () => {
  const record: Recorded = {
    v: 2,
    ledger: 'organisation:1',
    previous: '',
    sequence: 1,
    time: '2026-11-20T07:30:57.006Z',
    outcome: 'ok',
    change: 'c',
    action: 'feature-state.updated',
    actor: { kind: 'user', id: '1', name: 'olga@example.com' },
    source: { ip: '192.0.2.1', user_agent: null, request_id: 'r' },
    resource: { type: 'FEATURE_STATE', id: '5', uuid: null, name: 'banner' },
    organisation: 1,
    project: 2,
    environment: { id: 3, name: 'Production' },
    log: '',
    before: { enabled: false },
    after: { enabled: true },
  }
  const kindOf = (told: Partial<Recorded>) => {
    const { type, action } = fliptView({ ...record, ...told })
    const may = fliptTypesOf({ action: told.action ?? record.action })
    expect(may).toContain(type)
    return `${type}:${action}`
  }

  it('has its shape, and no empty field of the actor', () => {
    expect(fliptView(record)).toEqual({
      version: '0.2',
      type: 'flag',
      action: 'updated',
      metadata: {
        actor: { authentication: 'token', ip: '192.0.2.1', email: 'olga@example.com' },
      },
      payload: {
        key: 'banner',
        name: 'banner',
        description: '',
        enabled: true,
        namespace_key: 'Production',
      },
      timestamp: '2026-11-20T07:30:57.006Z',
      status: 'success',
    })
    const system = { kind: 'system', id: null, name: '' }
    const source = { ...record.source, ip: null }
    const told = fliptView({ ...record, actor: system, source, outcome: 'denied' })
    expect(told).toMatchObject({
      metadata: { actor: { authentication: 'none' } },
      status: 'denied',
    })
    expect(Object.keys(told.metadata.actor)).toEqual(['authentication'])
  })

  it('has Flipt’s noun for what Flipt knows', () => {
    expect(kindOf({})).toBe('flag:updated')
    expect(kindOf({ after: { feature_segment_id: 1 } })).toBe('rule:updated')
    expect(kindOf({ before: { identity_id: 1 }, after: null })).toBe('rollout:updated')
    expect(kindOf({ action: 'feature.created' })).toBe('flag:created')
    expect(kindOf({ action: 'multivariate-option.deleted' })).toBe('variant:deleted')
    expect(kindOf({ action: 'project.updated' })).toBe('namespace:updated')
    expect(kindOf({ action: 'environment-key.created' })).toBe('token:created')
    expect(kindOf({ action: 'environment.created' })).toBe('environment:created')
    expect(kindOf({ action: 'segment.created', before: null })).toBe('segment:created')
    const rules = { before: { rules: [1], updated_at: 1 }, after: { rules: [2], updated_at: 2 } }
    expect(kindOf({ action: 'segment.updated', ...rules })).toBe('constraint:updated')
  })
})
