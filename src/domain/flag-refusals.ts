/** What a change of a whole flag may not ask for, in the contract's words (admin-api §B.12). Pure. */
import { type FieldErrors, invalid, type Refusal } from '../outcome.ts'
import type { MultivariateOption } from '../storage/features.ts'
import type { Segment } from '../storage/segments.ts'
import type { StateChanges } from './feature-states.ts'
import { exceedsWhole } from './multivariate-options.ts'

export type WantedOverride = {
  segmentId: number
  priority?: number
  /** Its place in the sent list, which it takes when it has none. */
  position?: number
  changes: StateChanges
}

export type Wanted = {
  /** The environment's own state. */
  own?: StateChanges
  overrides?: WantedOverride[]
  /** The sent overrides are the whole set: others go. */
  replace: boolean
}

type Known = {
  projectId: number
  featureId: number
  options: MultivariateOption[]
  segments: Map<number, Segment>
}

function findVariantFault(
  options: MultivariateOption[],
  shares: StateChanges['shares'],
  isRequired: boolean,
): string | undefined {
  const incomplete = "Must include all feature's variants."
  if (shares === undefined) return isRequired && options.length > 0 ? incomplete : undefined
  if (options.length === 0) return shares.length > 0 ? 'Feature is not multivariate.' : undefined
  const known = new Set(options.map((option) => option.id))
  if (shares.some((share) => !known.has(share.optionId))) return 'Variant not found.'
  const named = new Set(shares.map((share) => share.optionId))
  if (named.size < known.size || shares.length > known.size) return incomplete
  return exceedsWhole(shares.map((share) => share.percentageAllocation))
    ? 'Total weight must not exceed 100.'
    : undefined
}

function findSegmentFault(
  { projectId, featureId, segments }: Known,
  segmentId: number,
): string | undefined {
  const segment = segments.get(segmentId)
  if (segment?.projectId !== projectId) return 'Segment not found.'
  return segment.featureId === null || segment.featureId === featureId
    ? undefined
    : 'The segment is specific to another feature.'
}

const findTwice = (values: (number | undefined)[]): number | undefined =>
  values.find((value, index) => value !== undefined && values.indexOf(value) < index)

function errorsOf(override: WantedOverride, known: Known, isRequired: boolean): FieldErrors {
  const segmentFault = findSegmentFault(known, override.segmentId)
  const variantFault = findVariantFault(known.options, override.changes.shares, isRequired)
  return {
    ...(segmentFault && { segment: { id: [segmentFault] } }),
    ...(variantFault && { variants: [variantFault] }),
  }
}

/** Places that stand right have `{}` in the list of errors. */
export function refuseWanted(wanted: Wanted, known: Known): Refusal | undefined {
  const { own, overrides = [], replace } = wanted
  const segmentTwice = findTwice(overrides.map((override) => override.segmentId))
  if (segmentTwice !== undefined) {
    return invalid({ segment_overrides: [`Duplicate segment: ${segmentTwice}.`] })
  }
  const priorityTwice = findTwice(overrides.map((override) => override.priority))
  if (priorityTwice !== undefined) {
    return invalid({ segment_overrides: [`Duplicate priority: ${priorityTwice}.`] })
  }
  const fault = own && findVariantFault(known.options, own.shares, replace)
  const errors = overrides.map((override) => errorsOf(override, known, replace))
  const isWrong = errors.some((item) => Object.keys(item).length > 0)
  if (fault === undefined && !isWrong) return undefined
  return invalid({
    ...(fault !== undefined && { environment_default: { variants: [fault] } }),
    ...(isWrong && { segment_overrides: errors }),
  })
}
