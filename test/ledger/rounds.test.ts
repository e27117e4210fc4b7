import { expect, it } from 'vitest'
import { createRounds } from '../../src/ledger/rounds.ts'

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 5))

it('who asks while a round runs waits for the next, and all of them for the same', async () => {
  const log: string[] = []
  let count = 0
  const ask = createRounds(async () => {
    const round = ++count
    log.push(`${round} begins`)
    await pause()
    log.push(`${round} ends`)
  })
  const first = ask().then(() => {
    log.push('first')
    // The next round is not under way yet: it is this one's too.
    return ask().then(() => log.push('first again'))
  })
  await Promise.resolve()
  const others = [1, 2, 3].map((index) => ask().then(() => log.push(`other ${index}`)))
  await Promise.all([first, ...others])
  expect(log).toEqual([
    '1 begins',
    '1 ends',
    'first',
    '2 begins',
    '2 ends',
    'other 1',
    'other 2',
    'other 3',
    'first again',
  ])
})

it('who asks in the same moment shares one round', async () => {
  let count = 0
  const ask = createRounds(async () => {
    count += 1
    await pause()
  })
  await Promise.all([ask(), ask(), ask()])
  expect(count).toBe(1)
})

it('a round that fails fails for those who waited for it, and the next one runs', async () => {
  let count = 0
  const ask = createRounds(async () => {
    await pause()
    if (++count < 3) throw new Error(`round ${count}`)
  })
  const first = ask()
  await Promise.resolve()
  const outcomes = await Promise.allSettled([first, ask()])
  expect(outcomes.map((one) => (one.status === 'rejected' ? one.reason.message : ''))).toEqual([
    'round 1',
    'round 2',
  ])
  await ask()
  expect(count).toBe(3)
})
