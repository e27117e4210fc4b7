/** Times calls in turns: every round has every contender, in an order that alternates. */
import type { Contender } from './contender.ts'

/** Fewer would leave the median to whatever else the machine does. */
const usualRounds = 7
/** A slice shorter than this would measure the clock. */
const sliceMs = 15
/** Enough calls for the compilers to have settled, unless each takes long. */
const warmUpMs = 150

let last: unknown

async function milliseconds({ call }: Contender, calls: number, people: number): Promise<number> {
  const started = performance.now()
  for (let i = 0; i < calls; i++) {
    const result = call(i % people)
    last = result instanceof Promise ? await result : result
  }
  return performance.now() - started
}

/** How many calls fill a slice; found while warming up. */
async function callsPerSlice(contender: Contender, people: number): Promise<number> {
  let calls = 1
  let spent = 0
  for (;;) {
    const taken = await milliseconds(contender, calls, people)
    spent += taken
    const fill = Math.max(1, Math.ceil((calls * sliceMs) / Math.max(taken, 0.01)))
    if (spent >= warmUpMs) return fill
    calls = Math.min(fill, calls * 4)
  }
}

/** Microseconds per call: for each contender, one value a round. */
export async function time(
  contenders: Contender[],
  people: number,
  rounds = usualRounds,
): Promise<number[][]> {
  const calls: number[] = []
  for (const contender of contenders) calls.push(await callsPerSlice(contender, people))
  const results: number[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    const order = [...contenders.keys()]
    for (const place of round % 2 === 0 ? order : order.reverse()) {
      const [contender, count] = [contenders[place], calls[place]]
      if (contender === undefined || count === undefined) continue
      const taken = await milliseconds(contender, count, people)
      results[place]?.push((taken / count) * 1_000)
    }
  }
  if (last === undefined) throw new Error('nothing was measured')
  return results
}
