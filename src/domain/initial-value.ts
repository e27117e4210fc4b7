/** What a new feature state is worth: a pure decision. Contract admin-api §B.4 and §B.5. */
import type { FlagValue } from '../engine/document.ts'
import type { Feature } from '../storage/features.ts'
import type { Project } from '../storage/projects.ts'

const maxInt32 = 2147483647

/** Exactly these (sdk-api §6.3): other spellings are text. */
const words = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
])

/**
 * The type of a feature's initial value is inferred: a whole number of 32 bits, then true or false,
 * else text. A number that would read differently when written again (`007`) stays text.
 */
export function inferValue(initialValue: string | null): FlagValue {
  if (initialValue === null) return null
  const number = Number(initialValue)
  if (String(number) === initialValue && Number.isInteger(number)) {
    if (number >= -maxInt32 - 1 && number <= maxInt32) return number
  }
  return words.get(initialValue) ?? initialValue
}

/** A project can ask that nothing is switched on or given a value by default. */
export const initialState = (
  project: Pick<Project, 'preventFlagDefaults'>,
  feature: Pick<Feature, 'defaultEnabled' | 'initialValue'>,
): { enabled: boolean; value: FlagValue } =>
  project.preventFlagDefaults
    ? { enabled: false, value: null }
    : { enabled: feature.defaultEnabled, value: inferValue(feature.initialValue) }
