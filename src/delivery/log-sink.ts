/**
 * The audit log as lines of the Worker's own log: an event of Flipt's each and nothing else on the line,
 * so that whatever ships logs takes them as they are. The operator switches it on. When lines are
 * written, and that none is forgotten, is the ledger's business.
 */
import type { Env } from '../env.ts'
import { logError, logLine } from '../log.ts'
import { wholeRecord } from '../storage/records.ts'
import { fliptEvent } from './flipt-event.ts'
import { matchesEvent } from './patterns.ts'

export const isLogSinkOn = (env: Pick<Env, 'AUDIT_LOG_SINK'>): boolean =>
  env.AUDIT_LOG_SINK === 'true'

/** Complained of once: a line for every change would hide what it complains of. */
const refused = new Set<string>()

/** A blank setting takes everything: a sink that is on and silent would be noticed too late. */
function patternsOf(setting = ''): string[] {
  const patterns = setting.split(/\s+/).filter((pattern) => pattern !== '')
  if (patterns.length === 0) return ['*:*']
  const wrong = patterns.filter((pattern) => !/^[^:]+:[^:]+$/.test(pattern))
  for (const pattern of wrong) {
    if (!refused.has(pattern)) logError('audit-log-sink.pattern-refused', { pattern })
    refused.add(pattern)
  }
  return patterns.filter((pattern) => !wrong.includes(pattern))
}

/** Writes an entry's line if it is asked for, and answers how many characters that took. */
export function writeToLogSink(
  env: Pick<Env, 'AUDIT_LOG_SINK_EVENTS'>,
  row: Parameters<typeof wholeRecord>[0],
): number {
  const event = fliptEvent(wholeRecord(row))
  const patterns = patternsOf(env.AUDIT_LOG_SINK_EVENTS)
  if (!patterns.some((pattern) => matchesEvent(pattern, event))) return 0
  const line = JSON.stringify(event)
  logLine(line)
  return line.length
}
