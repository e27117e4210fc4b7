/**
 * The limits of a project, which are settings of its own (contract admin-api §B.3, §B.5 to §B.7). They
 * are held against what a change would leave; lowering one takes nothing away. Every text says
 * "maximum allowed", by which clients know that a quota is reached (§A.2.1).
 */
import { type FieldErrors, invalid, type Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import type { Project } from '../storage/projects.ts'
import { measureText } from '../storage/text-size.ts'
import { countSegmentOverrides, countSegments } from '../storage/totals.ts'

export const bytesOf = (text: string | null | undefined): number =>
  text == null ? 0 : new TextEncoder().encode(text).length

/** `field` is where the contract's body has the value. */
export function refuseValue(
  project: Pick<Project, 'maxFeatureValueBytes'>,
  value: string | null | undefined,
  field: string,
): Refusal | undefined {
  const bytes = bytesOf(value)
  const most = project.maxFeatureValueBytes
  return bytes <= most
    ? undefined
    : invalid({
        [field]: [
          `The value takes ${bytes} bytes. The maximum allowed in this project is ${most} ` +
            '(its setting max_feature_value_bytes).',
        ],
      })
}

export async function refuseSegment(db: Database, project: Project): Promise<Refusal | undefined> {
  const present = await countSegments(db, project.id)
  return present < project.maxSegmentsAllowed
    ? undefined
    : invalid({ project: ['The project has reached the maximum allowed segments limit.'] })
}

/** Counted in one environment, over all features. */
export async function refuseSegmentOverride(
  db: Database,
  project: Project,
  { environmentId, added = 1 }: { environmentId: number; added?: number },
): Promise<Refusal | undefined> {
  if (added <= 0) return undefined
  const present = await countSegmentOverrides(db, environmentId)
  const errors: FieldErrors = {
    environment: 'The environment has reached the maximum allowed segments overrides limit.',
  }
  return present + added <= project.maxSegmentOverridesAllowed ? undefined : invalid(errors)
}

/** A value that a state is to have; one that stays is not judged again. */
export async function refuseStateValue(
  db: Database,
  project: Project,
  { before, after }: { before: string | null; after: string | null },
): Promise<Refusal | undefined> {
  if (before === after) return undefined
  const refusal = refuseValue(project, after, 'feature_state_value')
  return refusal ?? (await refuseText(db, project, bytesOf(after)))
}

/** KV takes documents of 25 MiB; text may double when it is written as JSON. */
export const maxDocumentText = 10_000_000
/** Less than this is not worth the count: what comes in such pieces is no large document. */
export const unmeasured = 1_000

/** `added` is what the change brings to an environment's document, in bytes. */
export async function refuseText(
  db: Database,
  project: Pick<Project, 'id'>,
  added: number,
): Promise<Refusal | undefined> {
  if (added <= unmeasured || (await measureText(db, project.id)) + added <= maxDocumentText) {
    return undefined
  }
  return invalid({
    project: [
      'The values, variants and segment rules of an environment of this project would take more ' +
        `than the maximum allowed ${maxDocumentText} bytes. Shorten some or use another project.`,
    ],
  })
}
