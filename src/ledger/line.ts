/**
 * The line in which orders wait. A Durable Object is not a lock: while it awaits D1, other calls run
 * in it. The line is the lock: one group at a time. Orders that have nothing in common are served
 * together; none overtakes one that it has something in common with.
 */
import type { Reach } from '../domain/reach.ts'

/**
 * The places in the line that are served next; the first always is. What touches nothing goes along with
 * anything, so that it never costs the others a turn. Pure.
 */
export function nextGroup(reaches: readonly Reach[], limit: number): number[] {
  const group: number[] = []
  const reached = new Set<string>()
  /** One that may touch anything is ahead. */
  let isClosed = false
  for (const [place, reach] of reaches.entries()) {
    const hasNothingAhead = !isClosed && reached.size === 0
    const isApart = reach !== null && !reach.some((key) => isClosed || reached.has(key))
    if (isApart || hasNothingAhead) group.push(place)
    if (group.length === limit) return group
    if (reach === null) isClosed = true
    for (const key of reach ?? []) reached.add(key)
  }
  return group
}

/** Answers its orders one by one, whatever happened to each; a throw is the answer to all. */
export type Serve<O, A> = (orders: O[]) => Promise<PromiseSettledResult<A>[]>

export type Line<O, A> = {
  take: (order: O) => Promise<A>
  isBusy: () => boolean
}

type Waiting<O, A> = {
  order: O
  reach: Reach
  answer: (answer: PromiseSettledResult<A>) => void
}

export function createLine<O, A>(
  serve: Serve<O, A>,
  { reachOf, limit }: { reachOf: (order: O) => Reach; limit: number },
): Line<O, A> {
  let waiting: Waiting<O, A>[] = []
  let busy = false

  async function serveAll(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      const reaches = waiting.map(({ reach }) => reach)
      const places = new Set(nextGroup(reaches, limit))
      const group = waiting.filter((_, place) => places.has(place))
      waiting = waiting.filter((_, place) => !places.has(place))
      const failed = (reason: unknown) => group.map(() => ({ status: 'rejected' as const, reason }))
      const answers = await serve(group.map(({ order }) => order)).catch(failed)
      for (const [place, { answer }] of group.entries()) {
        answer(answers[place] ?? { status: 'rejected', reason: new Error('not answered') })
      }
    }
    busy = false
  }

  return {
    take: (order) =>
      new Promise<A>((resolve, reject) => {
        const answer = (given: PromiseSettledResult<A>) =>
          given.status === 'fulfilled' ? resolve(given.value) : reject(given.reason)
        waiting.push({ order, reach: reachOf(order), answer })
        if (!busy) serveAll()
      }),
    isBusy: () => busy,
  }
}
