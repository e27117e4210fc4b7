/** The order of arrivals as the chaos run judges it, on lists that no server made. */
import { describe, expect, it } from 'vitest'
import { checkOrder } from './arrivals.ts'
import type { Copy } from './receiver.ts'

const copy = (environment: string, sequence: number): Copy => ({ body: '', environment, sequence })

describe('the order of arrivals', () => {
  it('is kept where duplicates come late and environments come in turn', () => {
    const received = new Map([
      ['evt_a', [copy('1', 1), copy('1', 1)]],
      ['evt_b', [copy('2', 1)]],
      ['evt_c', [copy('1', 2)]],
      ['evt_d', [copy('2', 2), copy('2', 2)]],
      ['evt_e', [copy('none', 1)]],
    ])
    expect(checkOrder(received, 'organisation')).toEqual([])
  })

  it('is broken by every first arrival behind a higher number of its environment', () => {
    const received = new Map([
      ['evt_c', [copy('1', 3)]],
      ['evt_a', [copy('1', 1)]],
      ['evt_b', [copy('1', 2)]],
      ['evt_d', [copy('1', 4)]],
    ])
    expect(checkOrder(received, 'environment')).toEqual([
      'the environment got 2 events out of order: event 1 after event 3',
    ])
  })

  it('is not asked of an endpoint that wants none', () => {
    const received = new Map([
      ['evt_b', [copy('1', 2)]],
      ['evt_a', [copy('1', 1)]],
    ])
    expect(checkOrder(received, 'unordered')).toEqual([])
    expect(checkOrder(received, 'environment')).toHaveLength(1)
  })
})
