import { expect, it } from 'vitest'
import { createTurns } from '../../src/ledger/turns.ts'

it('lets no second task begin before the first has ended', async () => {
  const take = createTurns()
  const log: string[] = []
  const slow = take(async () => {
    log.push('first begins')
    await new Promise((resolve) => setTimeout(resolve, 5))
    log.push('first ends')
  })
  const quick = take(async () => {
    log.push('second')
  })
  await Promise.all([slow, quick])
  expect(log).toEqual(['first begins', 'first ends', 'second'])
})

it('goes on after a task that throws, and gives the error to its own caller only', async () => {
  const take = createTurns()
  const failing = take(async () => {
    throw new Error('no')
  })
  const next = take(async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
