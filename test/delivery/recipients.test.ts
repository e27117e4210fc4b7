import { describe, expect, it } from 'vitest'
import { recipients } from '../../src/delivery/recipients.ts'

const event = {
  organisationId: 3,
  environmentId: 7,
  action: 'feature-state.updated',
  createdAt: 1_000,
}
const endpoint = {
  id: 1,
  organisationId: 3,
  environmentId: 7 as number | null,
  format: 'flagsmith' as 'flagsmith' | 'flipt' | 'standard',
  patterns: ['*:*'],
  createdAt: 500,
}

describe('who receives an event', () => {
  it.each<[string, Partial<typeof endpoint>, boolean]>([
    ['an endpoint of the environment', {}, true],
    ['an endpoint of another environment', { environmentId: 8 }, false],
    ['an endpoint of the organisation', { environmentId: null }, true],
    ['an endpoint of another organisation', { environmentId: null, organisationId: 4 }, false],
    ['an endpoint added in the same millisecond', { createdAt: 1_000 }, true],
    ['an endpoint added after the event', { createdAt: 1_001 }, false],
    ['an endpoint that wants this noun', { patterns: ['feature-state:*'] }, true],
    ['an endpoint that wants this verb', { patterns: ['*:updated'] }, true],
    ['an endpoint that wants it twice', { patterns: ['*:*', 'feature-state:updated'] }, true],
    ['an endpoint that wants another noun', { patterns: ['segment:*'] }, false],
    ['an endpoint that wants another verb', { patterns: ['feature-state:deleted'] }, false],
    ['an endpoint that wants nothing', { patterns: [] }, false],
    ["an endpoint in Flipt's words", { format: 'flipt', patterns: ['flag:updated'] }, true],
    ["an endpoint in Flipt's other words", { format: 'flipt', patterns: ['segment:*'] }, false],
    ["Flipt's words where they are not meant", { patterns: ['flag:updated'] }, false],
  ])('%s', (_, difference, receives) => {
    const candidate = { ...endpoint, ...difference }
    expect(recipients(event, [candidate])).toEqual(receives ? [candidate] : [])
  })

  it('every endpoint that qualifies, in the order given', () => {
    const second = { ...endpoint, id: 2 }
    const other = { ...endpoint, id: 3, environmentId: 8 }
    expect(recipients(event, [second, other, endpoint]).map(({ id }) => id)).toEqual([2, 1])
  })

  it('of what belongs to no environment only endpoints of the organisation', () => {
    const mine = { ...endpoint, environmentId: null }
    expect(recipients({ ...event, environmentId: null }, [endpoint, mine])).toEqual([mine])
  })
})
