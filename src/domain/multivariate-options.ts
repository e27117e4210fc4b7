/** The options of a multivariate feature: how a sent list becomes rows. Pure decisions. */
import type { FlagValue } from '../engine/document.ts'
import { invalid, type Refusal } from '../outcome.ts'
import type { MultivariateOption } from '../storage/features.ts'
import { toValueColumns } from '../storage/values.ts'

/** An option as a request sends it. */
export type OptionInput = {
  key?: string | null
  value?: FlagValue
  defaultPercentageAllocation?: number
}

const refuse = (message: string): Refusal => invalid({ multivariate_options: [message] })

/** Keys name variants to SDKs: unique in the feature, and never the word for "no variant". */
export function checkOptions(
  options: Pick<MultivariateOption, 'key' | 'defaultPercentageAllocation'>[],
): Refusal | undefined {
  const weight = options.reduce((sum, option) => sum + option.defaultPercentageAllocation, 0)
  if (weight > 100) return refuse('Invalid percentage allocation')
  const keys = options.flatMap((option) => (option.key === null ? [] : [option.key]))
  if (keys.includes('control')) return refuse('The key "control" is reserved.')
  return new Set(keys).size === keys.length
    ? undefined
    : refuse('The keys of the options of a feature must differ.')
}

export const newOption = (
  id: number,
  featureId: number,
  input: OptionInput,
): MultivariateOption => ({
  id,
  uuid: crypto.randomUUID(),
  featureId,
  key: input.key ?? null,
  ...toValueColumns(input.value ?? null),
  defaultPercentageAllocation: input.defaultPercentageAllocation ?? 100,
})
