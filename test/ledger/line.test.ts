import { describe, expect, it } from 'vitest'
import type { Reach } from '../../src/domain/reach.ts'
import { createLine, nextGroup } from '../../src/ledger/line.ts'

describe('the next group', () => {
  it.each<[string, Reach[], number[]]>([
    ['nobody', [], []],
    ['everybody who has nothing in common', [['a'], ['b'], ['c']], [0, 1, 2]],
    ['the first alone where it may touch anything', [null, ['a']], [0]],
    ['nobody behind one that may touch anything', [['a'], null, ['b']], [0]],
    ['the first of those that share', [['a'], ['a'], ['b']], [0, 2]],
    ['nobody who would overtake one he shares with', [['a'], ['a', 'b'], ['b'], ['c']], [0, 3]],
    ['those that touch nothing, along with whatever is next', [[], null, ['a'], []], [0, 1, 3]],
    ['those that touch nothing, behind others too', [['a'], [], ['a'], null, []], [0, 1, 4]],
    ['no more than the limit', [['a'], ['b'], ['c'], ['d'], ['e']], [0, 1, 2, 3]],
  ])('is %s', (_, reaches, group) => {
    expect(nextGroup(reaches, 4)).toEqual(group)
  })
})

const letters = { reachOf: (order: string) => [order.slice(0, 1)], limit: 10 }

describe('the line', () => {
  it('serves one group at a time; who comes meanwhile is in the next', async () => {
    const groups: string[][] = []
    let working = 0
    const line = createLine<string, string>(async (orders) => {
      expect(++working).toBe(1)
      groups.push(orders)
      await new Promise((resolve) => setTimeout(resolve, 5))
      working -= 1
      return orders.map((order) => ({ status: 'fulfilled', value: `${order} done` }))
    }, letters)
    expect(line.isBusy()).toBe(false)
    const answers = Promise.all(['a1', 'a2', 'b1', 'a3', 'c1'].map(line.take))
    expect(line.isBusy()).toBe(true)
    expect(await answers).toEqual(['a1 done', 'a2 done', 'b1 done', 'a3 done', 'c1 done'])
    expect(groups).toEqual([['a1'], ['a2', 'b1', 'c1'], ['a3']])
    expect(line.isBusy()).toBe(false)
  })

  it('gives an error to whom it belongs, to all where nobody knows, and goes on', async () => {
    const line = createLine<string, string>(async (orders) => {
      if (orders.includes('x')) throw new Error('unknown')
      return orders.map((order) =>
        order === 'b'
          ? { status: 'rejected', reason: new Error('no b') }
          : { status: 'fulfilled', value: order },
      )
    }, letters)
    const take = (order: string) => line.take(order).catch((error: Error) => error.message)
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(take))).toEqual(['a', 'no b', 'c', 'd'])
    expect(await Promise.all(['a', 'x', 'c'].map(take))).toEqual(['a', 'unknown', 'unknown'])
    expect(await take('a')).toBe('a')
  })
})
