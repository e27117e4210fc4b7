/**
 * The writers of the admin benchmark, a program of its own: each gives its own flags new values, one
 * request after the other, and refuses any answer but a 200.
 */
import { answerParent } from './child.ts'

export type WritersQuestion = {
  /** Every writer's own feature states, as URLs. */
  writers: string[][]
  headers: Record<string, string>
  ms: number
}

export type WritersAnswer = { perSecond: number; latencies: number[] }

let last = 0

async function write(url: string, headers: Record<string, string>): Promise<void> {
  const body = JSON.stringify({ enabled: last % 2 === 0, feature_state_value: `value ${++last}` })
  const response = await fetch(url, { method: 'PUT', headers, body })
  const answer = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${answer}`)
}

async function runWriters({ writers, headers, ms }: WritersQuestion): Promise<WritersAnswer> {
  const latencies: number[] = []
  const started = performance.now()
  await Promise.all(
    writers.map(async (urls) => {
      for (let turn = 0; performance.now() < started + ms; turn++) {
        const since = performance.now()
        await write(urls[turn % urls.length] ?? '', headers)
        latencies.push(performance.now() - since)
      }
    }),
  )
  return { perSecond: (latencies.length / (performance.now() - started)) * 1_000, latencies }
}

answerParent(runWriters)
