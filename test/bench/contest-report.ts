/** Prints what an HTTP contest came to: each figure's median, and the ratio's median and spread. */
import { pinning } from './cores.ts'
import type { Results, Series } from './measure.ts'
import { figure, printTable, spread } from './report.ts'
import { median, ratio } from './statistics.ts'

const row = (name: string, { burgee, constant }: Series): string[] => [
  name,
  figure(median(burgee)),
  figure(median(constant)),
  spread(ratio(burgee, constant)),
]

/** Below this share of a core the server was robbed of it, and requests/s say little. */
const ownCore = 0.9

/** `bar`: what the throughput's ratio is to reach; null where none is set. */
export function printContest(
  title: string,
  results: Results & { bodyBytes: number },
  bar: number | null,
): void {
  const { perSecond, perCoreSecond, cores, p50, p99 } = results
  const rate = `${figure(results.rate)}/s, ms`
  printTable(title, [
    ['', 'Burgee', 'constant', 'ratio (min..max)'],
    row('requests/s', perSecond),
    row('requests/s of a full core', perCoreSecond),
    row('cores the server had', cores),
    row(`p50 at ${rate}`, p50),
    row(`p99 at ${rate}`, p99),
    ['bytes of body on the wire', figure(results.bodyBytes), figure(results.bodyBytes), ''],
  ])
  const had = Math.min(median(cores.burgee), median(cores.constant))
  const robbed = had < ownCore
  const { burgee, constant } = robbed ? perCoreSecond : perSecond
  const reached = ratio(burgee, constant).median
  console.log(`
  One workerd, ${pinning}.
  Medians of ${burgee.length} rounds of throughput (closed loop) and ${p50.burgee.length} of latency (fixed rate).`)
  if (robbed) {
    console.log(
      `  Others took the server's core: it had ${figure(had)} of it, so the second row counts.`,
    )
  }
  if (bar === null) return
  console.log(
    `  Ratio ${figure(reached)}, to reach ${bar}: ${reached >= bar ? 'reached' : 'NOT reached'}.`,
  )
}
