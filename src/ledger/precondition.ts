/** If-Match: whether a change is based on what is there now. Pure. */
import type { Refusal } from '../outcome.ts'
import type { FeatureVersion } from '../storage/versions.ts'

/** Versions that the caller knows, one of which must be the present one; `*`: any. */
export type Precondition = '*' | number[]

const stale = (detail: string): Refusal => ({ kind: 'stale', detail })

/** Of every feature that the change is about. */
export function refuseStale(
  wanted: Precondition,
  present: readonly FeatureVersion[],
): Refusal | undefined {
  if (present.length === 0) {
    return stale(
      'This change is about no feature that is there, so If-Match can never hold. Repeat it without.',
    )
  }
  const changed = wanted === '*' ? [] : present.filter(({ version }) => !wanted.includes(version))
  if (changed.length === 0) return undefined
  const told = changed.map(({ id, version }) => `feature ${id} is at version "${version}"`)
  return stale(
    `Changed by somebody else since you read it: ${told.join(', ')}. Nothing was changed. ` +
      'Read it again and repeat the change with its new ETag as If-Match.',
  )
}
