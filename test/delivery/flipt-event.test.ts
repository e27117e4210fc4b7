/** Flipt's events, and the patterns that pick among them: without a database. */
import { describe, expect, it } from 'vitest'
import { fliptEvent, fliptTypesOf } from '../../src/delivery/flipt-event.ts'
import { isLike, matchesAction } from '../../src/delivery/patterns.ts'
import type { Recorded } from '../../src/storage/records.ts'

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
    const { type, action } = fliptEvent({ ...record, ...told })
    const may = fliptTypesOf({ action: told.action ?? record.action })
    expect(may).toContain(type)
    return `${type}:${action}`
  }

  it('has its shape, and no empty field of the actor', () => {
    expect(fliptEvent(record)).toEqual({
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
    const told = fliptEvent({ ...record, actor: system, source, outcome: 'denied' })
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
