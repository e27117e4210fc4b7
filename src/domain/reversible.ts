/**
 * The things whose edits can be taken back: as they are now, and how old values reach them through the
 * writes of their own. It judges nothing itself but what those writes cannot be asked for.
 */
import type { FeatureType, FlagValue } from '../engine/document.ts'
import { invalid, type Outcome, ok, type Refusal } from '../outcome.ts'
import { type FeatureSegment, listFeatureSegments } from '../storage/feature-segments.ts'
import { findFeature, type MultivariateOption } from '../storage/features.ts'
import { findSegment } from '../storage/segments.ts'
import { toValueColumns } from '../storage/values.ts'
import { readWholeFeature, type WholeFeature } from '../storage/whole-features.ts'
import { featureSnapshot } from './feature-entry.ts'
import { findGround, type Ground, reorder } from './feature-segments.ts'
import { type StateChanges, stateSnapshot, updateFeatureState } from './feature-states.ts'
import { updateFeature } from './features.ts'
import { findFlag } from './flag.ts'
import type { OptionInput } from './multivariate-options.ts'
import { type Edit, optionList, priorityList, shareList } from './reversal.ts'
import { type SegmentSettings, updateSegment } from './segments.ts'
import { snapshot } from './snapshot.ts'
import { type Context, type Json, type JsonObject, nothingToDo, type Plan } from './write.ts'

/** What an entry of an edit is about; the environment is 0 where it is in none. */
export type Place = { edit: Edit; resourceId: number; projectId: number; environmentId: number }

/** Old values by field. */
type Wanted = ReadonlyMap<string, Json>

export type Thing = {
  /** As the log would keep it. */
  present: JsonObject
  /** Against which an If-Match is held. */
  features: number[]
  change: (context: Context, wanted: Wanted) => Promise<Outcome<Plan<unknown>>>
}

/** `areOptionsFixed`: the caller may change options one by one only, as by their own route. */
type Finding = Place & { areOptionsFixed: boolean }

type Part = { id: number; name: string; value: Json }

/** The fields of a list's parts. */
const partsIn = (wanted: Wanted, list: string): Part[] =>
  [...wanted].flatMap(([field, value]) => {
    const [of, id, name = ''] = field.split('.')
    return of === list ? [{ id: Number(id), name, value }] : []
  })

/** The fields that are columns of a row, under the columns' names. */
const columnsIn = (wanted: Wanted, names: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(names).flatMap(([field, column]) =>
      wanted.has(field) ? [[column, wanted.get(field)]] : [],
    ),
  )

const toStateChanges = (wanted: Wanted): StateChanges => ({
  ...columnsIn(wanted, { enabled: 'enabled' }),
  ...(wanted.has('feature_state_value') && {
    value: wanted.get('feature_state_value') as FlagValue,
  }),
  shares: partsIn(wanted, shareList).map(({ id, value }) => ({
    optionId: id,
    percentageAllocation: Number(value),
  })),
})

async function findState(
  { db }: Context,
  { resourceId: id, environmentId }: Finding,
): Promise<Thing | undefined> {
  const flag = await findFlag(db, id)
  if (flag?.environment.id !== environmentId) return undefined
  return {
    present: stateSnapshot(flag),
    features: [flag.feature.id],
    change: (context, wanted) =>
      updateFeatureState(context, { environmentId, id, changes: toStateChanges(wanted) }),
  }
}

const segmentColumns = {
  name: 'name',
  description: 'description',
  feature: 'featureId',
  rules: 'rules',
}

async function findSegmentThing(
  { db }: Context,
  { resourceId: id, projectId }: Finding,
): Promise<Thing | undefined> {
  const segment = await findSegment(db, id)
  if (segment?.projectId !== projectId) return undefined
  return {
    present: snapshot(segment),
    features: [],
    change: (context, wanted) => {
      const settings = columnsIn(wanted, segmentColumns) as Partial<SegmentSettings>
      return updateSegment(context, { projectId, id, settings })
    },
  }
}

function toOptionInput({ name, value }: Part): OptionInput {
  if (name === 'key') return { key: value as string | null }
  return name === 'value'
    ? toValueColumns(value as FlagValue)
    : { defaultPercentageAllocation: Number(value) }
}

/** The whole list with the edited ones in it; undefined where none is. */
function toOptionInputs(present: MultivariateOption[], wanted: Wanted) {
  const edited = Map.groupBy(partsIn(wanted, optionList), ({ id }) => id)
  if (edited.size === 0) return undefined
  const ids = new Set([...present.map(({ id }) => id), ...edited.keys()])
  const inputs = [...ids].map((id): OptionInput => {
    const parts = (edited.get(id) ?? []).map(toOptionInput)
    return Object.assign({ id }, ...parts) as OptionInput
  })
  return { inputs, count: edited.size }
}

const featureColumns = {
  type: 'type',
  description: 'description',
  is_archived: 'isArchived',
  is_server_key_only: 'isServerKeyOnly',
}

const idsIn = (wanted: Wanted, field: string) => wanted.get(field) as number[] | undefined

/** The ids that are wanted, or those that are there. */
function toOwners({ owners, groupOwners }: WholeFeature, wanted: Wanted) {
  const [users, groups] = [idsIn(wanted, 'owners'), idsIn(wanted, 'group_owners')]
  if (users === undefined && groups === undefined) return undefined
  return {
    users: users ?? owners.map(({ id }) => id),
    groups: groups ?? groupOwners.map(({ id }) => id),
  }
}

/** The type follows from options that have come since. */
function refuseType(wanted: FeatureType | undefined, options: unknown[]): Refusal | undefined {
  if (wanted !== 'STANDARD' || options.length === 0) return undefined
  return invalid({ type: ['A feature with options is multivariate: delete its options first.'] })
}

async function findFeatureThing(
  { db }: Context,
  { resourceId: id, projectId, areOptionsFixed }: Finding,
): Promise<Thing | undefined> {
  const feature = await findFeature(db, id)
  if (feature?.projectId !== projectId) return undefined
  const whole = await readWholeFeature(db, feature)
  return {
    present: featureSnapshot(whole),
    features: [id],
    change: async (context, wanted) => {
      const refusal = refuseType(wanted.get('type') as FeatureType | undefined, whole.options)
      if (refusal !== undefined) return refusal
      const options = toOptionInputs(whole.options, wanted)
      return updateFeature(context, {
        projectId,
        id,
        settings: columnsIn(wanted, featureColumns),
        options: options?.inputs,
        areOptionsFixed: areOptionsFixed && (options?.count ?? 0) > 1,
        tags: idsIn(wanted, 'tags'),
        owners: toOwners(whole, wanted),
      })
    },
  }
}

const place = 'POST /api/v1/features/feature-segments/update-priorities/'

/** The links where they stood; two never stand at one place. */
function planOrder(
  context: Context,
  { ground, links }: { ground: Ground; links: FeatureSegment[] },
  wanted: Wanted,
): Outcome<Plan<unknown>> {
  const places = new Map(partsIn(wanted, priorityList).map(({ id, value }) => [id, Number(value)]))
  const after = links.map((link) => ({ ...link, priority: places.get(link.id) ?? link.priority }))
  const refuse = (what: string) =>
    invalid({ priorities: [`${what} Order the overrides by ${place} instead.`] })
  if ([...places.keys()].some((id) => links.every((link) => link.id !== id))) {
    return refuse('A segment override that was moved then is gone.')
  }
  if (new Set(after.map(({ priority }) => priority)).size < after.length) {
    return refuse('Another segment override has taken one of the old places.')
  }
  const { environment, feature } = ground
  const { statements, entries } = reorder(context, ground, { before: links, after })
  if (entries.length === 0) return ok(nothingToDo(after, [feature.id]))
  const effects = { features: [feature.id], publish: [environment.id], events: [] }
  return ok({ result: after, statements, entries, ...effects })
}

async function findOrder(
  context: Context,
  { resourceId: featureId, environmentId }: Finding,
): Promise<Thing | undefined> {
  const ground = await findGround(context, { environmentId, featureId })
  if (ground.kind !== 'ok') return undefined
  const links = await listFeatureSegments(context.db, environmentId, featureId)
  return {
    present: { priorities: links.map(({ id, priority }) => ({ id, priority })) },
    features: [featureId],
    change: async (own, wanted) => planOrder(own, { ground: ground.value, links }, wanted),
  }
}

const finders: Record<Edit, (context: Context, at: Finding) => Promise<Thing | undefined>> = {
  'feature-state.updated': findState,
  'segment.updated': findSegmentThing,
  'feature.updated': findFeatureThing,
  'feature-segment.reordered': findOrder,
}

/** Undefined when it is gone. */
export const findThing = (context: Context, at: Finding): Promise<Thing | undefined> =>
  finders[at.edit](context, at)
