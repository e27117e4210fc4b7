/**
 * The options of a multivariate feature one at a time. Each write is the change of the whole list that
 * it amounts to, so that log, shares and webhooks are those of `features.ts`.
 */
import { invalid, notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import { findFeature, listOptions, type MultivariateOption } from '../storage/features.ts'
import { type FeatureWithOptions, updateFeature } from './features.ts'
import {
  findOptionFault,
  mergeOption,
  newOption,
  type OptionInput,
} from './multivariate-options.ts'
import type { Context, Plan, Write } from './write.ts'

type Place = { projectId: number; featureId: number }

/** As many as a list may hold that is sent whole. */
const maxOptions = 100

/**
 * The value that the type asks for is never null: clients leave out 0, false and blank text, and one
 * of them stops at a null (contract §A.1.4, 10).
 */
function withValue(before: MultivariateOption, input: OptionInput): OptionInput {
  const { type, stringValue, integerValue, booleanValue } = { ...before, ...input }
  switch (type) {
    case 'int':
      return { ...input, integerValue: integerValue ?? 0 }
    case 'bool':
      return { ...input, booleanValue: booleanValue ?? false }
    case 'unicode':
      return { ...input, stringValue: stringValue ?? '' }
  }
}

function refuse(options: MultivariateOption[]): Refusal | undefined {
  const fault = findOptionFault(options)
  return fault && invalid({ [fault.field]: [fault.message] })
}

/** The options of a feature of this project. */
async function listOwn(
  { db }: Pick<Context, 'db'>,
  { projectId, featureId }: Place,
): Promise<Outcome<MultivariateOption[]>> {
  const feature = await findFeature(db, featureId)
  return feature?.projectId === projectId ? ok(await listOptions(db, featureId)) : notFound()
}

/** The plan for the list, with what `pick` takes out of it as its result. */
async function replace<T>(
  context: Context,
  { projectId, featureId, options }: Place & { options: OptionInput[] },
  pick: (after: FeatureWithOptions) => T | undefined,
): Promise<Outcome<Plan<T>>> {
  const planned = await updateFeature(context, { projectId, id: featureId, settings: {}, options })
  if (planned.kind !== 'ok') return planned
  const result = pick(planned.value.result)
  if (result === undefined) throw new Error('an option that was kept is gone')
  return ok({ ...planned.value, result })
}

const idsOf = (options: MultivariateOption[]) => options.map(({ id }) => ({ id }))

export const createOption: Write<Place & { option: OptionInput }, MultivariateOption> = async (
  context,
  { option: sent, ...place },
) => {
  const present = await listOwn(context, place)
  if (present.kind !== 'ok') return present
  if (present.value.length >= maxOptions) {
    return invalid({ feature: [`A feature may have ${maxOptions} options.`] })
  }
  const blank = newOption(0, place.featureId, {})
  const { id: _, ...option } = withValue(blank, sent)
  const refusal = refuse([...present.value, mergeOption(blank, option)])
  if (refusal !== undefined) return refusal
  const options = [...idsOf(present.value), option]
  return replace(context, { ...place, options }, (after) => after.options.at(-1))
}

export const updateOption: Write<
  Place & { id: number; option: OptionInput },
  MultivariateOption
> = async (context, { id, option: sent, ...place }) => {
  const present = await listOwn(context, place)
  if (present.kind !== 'ok') return present
  const before = present.value.find((option) => option.id === id)
  if (before === undefined) return notFound()
  const option = { ...withValue(before, sent), id }
  const merged = present.value.map((other) =>
    other.id === id ? mergeOption(other, option) : other,
  )
  const refusal = refuse(merged)
  if (refusal !== undefined) return refusal
  const options = idsOf(present.value).map((other) => (other.id === id ? option : other))
  return replace(context, { ...place, options }, (after) =>
    after.options.find((candidate) => candidate.id === id),
  )
}

export const deleteOption: Write<Place & { id: number }, null> = async (
  context,
  { id, ...place },
) => {
  const present = await listOwn(context, place)
  if (present.kind !== 'ok') return present
  const kept = present.value.filter((option) => option.id !== id)
  if (kept.length === present.value.length) return notFound()
  return replace(context, { ...place, options: idsOf(kept) }, () => null)
}
