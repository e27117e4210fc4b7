/**
 * Times two servers that answer the same: as many requests as they can take, then latency at a rate
 * they both can. They take turns, so that what the machine does meanwhile meets both.
 */
import type { LoadAnswer, LoadQuestion, Target } from './generator.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { median } from './statistics.ts'

export const sides = ['burgee', 'constant'] as const
export type Side = (typeof sides)[number]

/** One value for each round, in order. */
export type Series = Record<Side, number[]>
export type Results = {
  perSecond: Series
  /** Requests per second of processor time, which neighbours on a shared machine cannot take away. */
  perCoreSecond: Series
  /** Processor time the server had per second of load; this and the above NaN where nothing tells. */
  cores: Series
  /** Of the latencies, in requests per second. */
  rate: number
  p50: Series
  p99: Series
}

export type Machine = {
  server: (question: ServerQuestion) => Promise<ServerAnswer>
  load: (question: LoadQuestion) => Promise<LoadAnswer>
}

const connections = 32
const warmUpMs = 2_000
const throughput = { rounds: 31, ms: 250 }
const latency = { rounds: 15, ms: 600 }

const emptySeries = (): Series => ({ burgee: [], constant: [] })

/** Every round has both; who goes first alternates. */
async function takeTurns(rounds: number, turn: (side: Side) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) await turn(side)
  }
}

async function cpuMs({ server }: Machine): Promise<number> {
  const answer = await server({ kind: 'cpu' })
  return answer !== null && 'cpuMs' in answer ? (answer.cpuMs ?? Number.NaN) : Number.NaN
}

export async function measure(machine: Machine, targets: Record<Side, Target>): Promise<Results> {
  const closed = (side: Side, ms: number) =>
    machine.load({ kind: 'closed', target: targets[side], connections, ms })
  const results: Results = {
    perSecond: emptySeries(),
    perCoreSecond: emptySeries(),
    cores: emptySeries(),
    rate: 0,
    p50: emptySeries(),
    p99: emptySeries(),
  }
  for (const side of sides) await closed(side, warmUpMs)
  await takeTurns(throughput.rounds, async (side) => {
    const before = await cpuMs(machine)
    const { perSecond, requests } = await closed(side, throughput.ms)
    const used = ((await cpuMs(machine)) - before) / 1_000
    results.perSecond[side].push(perSecond)
    results.perCoreSecond[side].push(requests / used)
    results.cores[side].push((used / requests) * perSecond)
  })
  results.rate = Math.round(Math.min(...sides.map((side) => median(results.perSecond[side]))) / 2)
  await takeTurns(latency.rounds, async (side) => {
    const { rate } = results
    const question = { kind: 'open', target: targets[side], connections, ms: latency.ms, rate }
    const { p50, p99 } = await machine.load(question as LoadQuestion)
    results.p50[side].push(p50)
    results.p99[side].push(p99)
  })
  return results
}
