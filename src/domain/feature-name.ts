/**
 * What a feature may be called. A project's pattern is an administrator's input: it runs on the
 * engine's matcher, which never backtracks, so that no pattern can hold up a ledger. Pure.
 */
import { compileRegex } from '../engine/regex/compile.ts'
import { matchesAtStart } from '../engine/regex/run.ts'
import { invalid, type Refusal } from '../outcome.ts'

/** The pattern must be whole by itself: in `a)|(b` the group around it would close too early. */
const compileWhole = (pattern: string) => compileRegex(pattern) && compileRegex(`(?:${pattern})\\Z`)

/** Look-around and back-references are not regular: they are refused where a pattern is saved. */
export const refusePattern = (pattern: string | null): Refusal | undefined =>
  pattern === null || compileWhole(pattern) !== null
    ? undefined
    : invalid({
        feature_name_regex: [
          'Must be a valid regular expression, without look-around and back-references.',
        ],
      })

/** The pattern must match the whole name (contract admin-api §B.3). */
export function refuseName(pattern: string | null, name: string): Refusal | undefined {
  if (pattern === null) return undefined
  const program = compileWhole(pattern)
  if (program !== null && matchesAtStart(program, name)) return undefined
  return invalid({ name: [`Feature name must match regex: ${pattern}`] })
}
