import { describe, expect, it } from 'vitest'
import { recipients } from '../../src/delivery/recipients.ts'

const event = { environmentId: 7, createdAt: 1_000 }
const endpoint = { id: 1, environmentId: 7, enabled: true, createdAt: 500 }

describe('who receives an event', () => {
  it.each([
    ['an enabled endpoint of the environment', {}, true],
    ['a disabled endpoint', { enabled: false }, false],
    ['an endpoint of another environment', { environmentId: 8 }, false],
    ['an endpoint added in the same millisecond', { createdAt: 1_000 }, true],
    ['an endpoint added after the event', { createdAt: 1_001 }, false],
  ])('%s', (_, difference, receives) => {
    const candidate = { ...endpoint, ...difference }
    expect(recipients(event, [candidate])).toEqual(receives ? [candidate] : [])
  })

  it('every endpoint that qualifies, in the order given', () => {
    const second = { ...endpoint, id: 2 }
    const disabled = { ...endpoint, id: 3, enabled: false }
    expect(recipients(event, [second, disabled, endpoint]).map(({ id }) => id)).toEqual([2, 1])
  })

  it('nobody when the environment has no endpoints', () => {
    expect(recipients(event, [])).toEqual([])
  })
})
