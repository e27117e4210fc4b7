/**
 * What a write reads and changes that another write could change, as keys: writes without a common
 * key may be planned side by side. What is not told here may touch anything. Versions do not count:
 * the batch counts them up itself.
 */
import { bytesOf, unmeasured } from './limits.ts'
import type { InputOf, WriteName } from './register.ts'

/** Null: it may be anything. */
export type Reach = readonly string[] | null

/** It reads nothing and changes nothing that is there: nobody need wait for it. */
const nothing: Reach = []

const reaches: { [N in WriteName]?: (input: InputOf<N>) => Reach } = {
  'attempt.record': () => nothing,
  /** A long value is weighed against all others of the project. */
  'feature-state.update': ({ id, changes: { value, columns } }) => {
    const text = typeof value === 'string' ? value : columns?.stringValue
    return bytesOf(text) > unmeasured ? null : [`state ${id}`]
  },
}

export const reachOf = <N extends WriteName>(write: N, input: unknown): Reach =>
  reaches[write]?.(input as InputOf<N>) ?? null
