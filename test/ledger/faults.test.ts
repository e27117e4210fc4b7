/**
 * Every I/O call of a change fails once in every way. Whatever happens: the change is applied if and
 * only if there is one entry and one event, the published document becomes what D1 says, the webhook
 * arrives with the frozen bytes, and the log sink has its line. The same for changes that are committed
 * together.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modes } from '../support/faults.ts'
import { enumerate, receiveEffects, run } from './fault-run.ts'

let undo: () => void

beforeAll(() => {
  undo = receiveEffects()
})

afterAll(() => undo())

describe('a change', () => {
  it('keeps every invariant when nothing fails, and touches D1, KV, queue and alarm', async () => {
    const { rig, found } = await run({ orders: 1, fault: null, mutant: null })
    expect(found).toEqual([])
    const kinds = new Set(rig.calls.map((call) => call.split(/[ .]/)[0]))
    expect(kinds).toEqual(new Set(['D1', 'KV', 'queue', 'storage']))
    expect(rig.calls).toContain('storage.setAlarm')
  })

  for (const mode of modes) {
    it(`keeps every invariant when any one of its calls fails: ${mode}`, async () => {
      const { runs, found } = await enumerate(mode, { orders: 1, mutant: null })
      expect(found).toEqual([])
      expect(runs).toBeGreaterThan(10)
    }, 120_000)
  }
})

describe('a group of changes', () => {
  const orders = 3

  it('takes one turn, and every change keeps its invariants when nothing fails', async () => {
    const { rig, found, acknowledged } = await run({ orders, fault: null, mutant: null })
    expect(found).toEqual([])
    expect(acknowledged).toBe(orders)
    // One batch reads all the flags, one writes: two statements for each change, five for all.
    const batches = rig.calls.filter((call) => call.startsWith('D1 batch'))
    expect(batches.slice(0, 3)).toEqual(['D1 batch of 8', 'D1 batch of 8', 'D1 batch of 12'])
  })

  for (const mode of modes) {
    it(`keeps every invariant of each when any one of its calls fails: ${mode}`, async () => {
      const { runs, found } = await enumerate(mode, { orders, mutant: null })
      expect(found).toEqual([])
      expect(runs).toBeGreaterThan(15)
    }, 240_000)
  }
})

describe('the suite notices', () => {
  it('a ledger that marks its outbox before it sends', async () => {
    const mutant = 'mark the outbox before sending'
    const { found } = await enumerate('throw before', { orders: 1, mutant })
    expect(found.join('\n')).toMatch(/never arrived|not what D1 says/)
  }, 120_000)

  it('a ledger without an alarm', async () => {
    const { found } = await enumerate('abort after', { orders: 1, mutant: 'no alarm' })
    expect(found.join('\n')).toMatch(/stay in the outbox/)
  }, 120_000)
})
