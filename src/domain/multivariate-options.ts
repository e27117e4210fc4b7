/** The options of a multivariate feature: how a sent list becomes rows. Pure decisions. */
import { invalid, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { MultivariateOption } from '../storage/features.ts'
import { normalValue, noValue } from '../storage/values.ts'
import { changed } from './snapshot.ts'

/** An option as a request sends it; `id` means one that is there already. */
export type OptionInput = Partial<Omit<MultivariateOption, 'uuid' | 'featureId'>>

const refuse = (message: string): Refusal => invalid({ multivariate_options: [message] })

const refuseAt = (position: number, message: string): Refusal =>
  invalid({
    multivariate_options: Array.from({ length: position + 1 }, (_, index) =>
      index === position ? { id: [message] } : {},
    ),
  })

/** Percentages add up with the rounding errors of fractions: 14.3 and 85.7 are still no more than 100. */
export const exceedsWhole = (percentages: number[]): boolean =>
  percentages.reduce((sum, percentage) => sum + percentage, 0) > 100 + 1e-9

/**
 * A webhook event tells all values twice, before and after, in one row: a feature whose options hold
 * more could not be switched any more. The contract has no such limit.
 */
const maxLetters = 100_000

type Weighed = Pick<MultivariateOption, 'key' | 'stringValue' | 'defaultPercentageAllocation'>

export type OptionFault = {
  field: 'default_percentage_allocation' | 'key' | 'string_value'
  message: string
}

/** Keys name variants to SDKs: unique in the feature, and never the word for "no variant". */
export function findOptionFault(options: Weighed[]): OptionFault | undefined {
  const letters = options.reduce((sum, option) => sum + (option.stringValue?.length ?? 0), 0)
  if (letters > maxLetters) {
    const message = `The values of all options may have ${maxLetters} characters together.`
    return { field: 'string_value', message }
  }
  if (exceedsWhole(options.map((option) => option.defaultPercentageAllocation))) {
    return { field: 'default_percentage_allocation', message: 'Invalid percentage allocation' }
  }
  const keys = options.flatMap((option) => (option.key === null ? [] : [option.key]))
  if (keys.includes('control')) return { field: 'key', message: 'The key "control" is reserved.' }
  return new Set(keys).size === keys.length
    ? undefined
    : { field: 'key', message: 'The keys of the options of a feature must differ.' }
}

export function checkOptions(options: Weighed[]): Refusal | undefined {
  const fault = findOptionFault(options)
  return fault && refuse(fault.message)
}

/** What is sent stands over what there was, field by field. */
export function mergeOption(
  before: MultivariateOption,
  { id: _, ...sent }: OptionInput,
): MultivariateOption {
  const after = { ...before, ...sent }
  return { ...after, ...normalValue(after) }
}

export const newOption = (id: number, featureId: number, input: OptionInput): MultivariateOption =>
  mergeOption(
    {
      id,
      uuid: crypto.randomUUID(),
      featureId,
      key: null,
      ...noValue,
      defaultPercentageAllocation: 100,
    },
    input,
  )

export type OptionChanges = {
  /** All options as they will be, in the order of their ids. */
  options: MultivariateOption[]
  added: MultivariateOption[]
  edited: MultivariateOption[]
  removed: MultivariateOption[]
}

export const unchangedOptions = (options: MultivariateOption[]): OptionChanges => ({
  options,
  added: [],
  edited: [],
  removed: [],
})

/** Ids must name options of the feature, each once: a foreign one would be taken over otherwise. */
function refuseIds(before: MultivariateOption[], inputs: OptionInput[]): Refusal | undefined {
  const free = new Set(before.map((option) => option.id))
  const known = new Set(free)
  const wrong = inputs.findIndex(({ id }) => id !== undefined && !free.delete(id))
  if (wrong < 0) return undefined
  return known.has(inputs[wrong]?.id ?? 0)
    ? refuseAt(wrong, 'This option stands in the list twice.')
    : refuseAt(wrong, 'Not an option of this feature.')
}

/**
 * The sent list replaces the present one (contract admin-api §B.5): what it does not name goes, what
 * has no id is new. Ids of new options count up from `firstId`.
 */
export function replaceOptions(
  before: MultivariateOption[],
  inputs: OptionInput[],
  feature: { id: number; firstId: number },
): Outcome<OptionChanges> {
  const refusal = refuseIds(before, inputs)
  if (refusal !== undefined) return refusal
  const sent = new Map(inputs.map((input) => [input.id, input]))
  const kept = before.flatMap((option) => {
    const input = sent.get(option.id)
    return input === undefined ? [] : [{ option, after: mergeOption(option, input) }]
  })
  const added = inputs
    .filter(({ id }) => id === undefined)
    .map((input, index) => newOption(feature.firstId + index, feature.id, input))
  const options = [...kept.map(({ after }) => after), ...added]
  return (
    checkOptions(options) ??
    ok({
      options,
      added,
      edited: kept.filter(({ option, after }) => changed(option, after)).map(({ after }) => after),
      removed: before.filter((option) => !sent.has(option.id)),
    })
  )
}
