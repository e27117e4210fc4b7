/** The rules of feature states: switching a flag, giving it a value, sharing out its variants. */
import { eq } from 'drizzle-orm'
import type { FlagValue } from '../engine/document.ts'
import { invalid, notFound, type Outcome, ok } from '../outcome.ts'
import { insertRows } from '../storage/database.ts'
import {
  type FeatureState,
  featureStates,
  type MultivariateValue,
  multivariateValues,
  setShares,
} from '../storage/feature-states.ts'
import { normalValue, toValueColumns, type ValueColumns } from '../storage/values.ts'
import { placeOf } from './environment-ground.ts'
import { type Flag, findFlag, type Part, stateLog, type Target } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import { refuseStateValue } from './limits.ts'
import { exceedsWhole } from './multivariate-options.ts'
import { changed, snapshot } from './snapshot.ts'
import { type Context, type EntryDraft, nothingToDo, type Plan, type Write } from './write.ts'

export type StateChanges = {
  enabled?: boolean
  value?: FlagValue
  /** A value sent in parts: what is left out stays. */
  columns?: Partial<ValueColumns>
  /** New shares of options that the state already knows, in percent. */
  shares?: { optionId: number; percentageAllocation: number }[]
}

export const valueAfter = (before: ValueColumns, changes: StateChanges): ValueColumns =>
  changes.value === undefined
    ? normalValue({ ...before, ...changes.columns })
    : toValueColumns(changes.value)

/** A state with the shares it gives, as admin routes show it. */
export type StateWithShares = { state: FeatureState; shares: MultivariateValue[] }

const unknownOption = (position: number) =>
  invalid({
    multivariate_feature_state_values: Array.from({ length: position + 1 }, (_, index) =>
      index === position ? { multivariate_feature_option: ['Not an option of this feature.'] } : {},
    ),
  })

const tooMuch = invalid({
  multivariate_feature_state_values: ['Multivariate percentage values exceed 100%.'],
})

type Shares = { shares: MultivariateValue[]; added: MultivariateValue[] }

/**
 * The shares with the asked ones in their place; options that a request leaves out keep theirs. An
 * override may be older than an option: it knows the option from the first share it gives it.
 */
export async function withShares(
  { reserve }: Pick<Context, 'reserve'>,
  { state, shares: present, options }: Pick<Flag, 'state' | 'shares' | 'options'>,
  asked: StateChanges['shares'] = [],
): Promise<Outcome<Shares>> {
  const known = new Set(options.map((option) => option.id))
  const stranger = asked.findIndex((share) => !known.has(share.optionId))
  if (stranger >= 0) return unknownOption(stranger)
  const byOption = new Map(asked.map((share) => [share.optionId, share]))
  const given = new Set(present.map((share) => share.optionId))
  const fresh = [...byOption.values()].filter((share) => !given.has(share.optionId))
  const { 'multivariate-value': first } = await reserve({ 'multivariate-value': fresh.length })
  const added = fresh.map((share, index) => ({
    ...share,
    id: first + index,
    uuid: crypto.randomUUID(),
    featureStateId: state.id,
  }))
  const kept = present.map((share) => ({ ...share, ...byOption.get(share.optionId) }))
  const shares = [...kept, ...added]
  return exceedsWhole(shares.map((share) => share.percentageAllocation))
    ? tooMuch
    : ok({ shares, added })
}

export const stateEntry = (
  { feature, state, ...ground }: Flag,
  told: Pick<EntryDraft, 'action' | 'log' | 'before' | 'after'>,
): EntryDraft => ({
  ...told,
  ...placeOf(ground),
  resource: {
    type: 'FEATURE_STATE',
    id: String(state.id),
    uuid: state.uuid,
    name: feature.name,
  },
})

export const stateSnapshot = ({ state, shares }: StateWithShares) => ({
  ...snapshot(state),
  multivariate_feature_state_values: shares.map((share) => snapshot(share)),
})

/** Where several parts of a state change at once, the switch names the change. */
function changedPart(before: FeatureState, after: FeatureState): Part {
  if (before.enabled !== after.enabled) return 'state'
  return changed(before, after) ? 'value' : 'shares'
}

/** What a change makes of a state; nothing to do where it asks for what is. Limits are not judged. */
export async function changeState(
  context: Context,
  before: Flag,
  { changes, target = before.target }: { changes: StateChanges; target?: Target },
): Promise<Outcome<Plan<StateWithShares>>> {
  const { db, now } = context
  const { id, featureId, environmentId } = before.state
  const outcome = await withShares(context, before, changes.shares)
  if (outcome.kind !== 'ok') return outcome
  const { shares, added } = outcome.value
  const state: FeatureState = {
    ...before.state,
    enabled: changes.enabled ?? before.state.enabled,
    ...valueAfter(before.state, changes),
  }
  const moved = before.shares.flatMap((past, index) => {
    const share = shares[index]
    return share !== undefined && changed(past, share) ? [share] : []
  })
  if (!changed(before.state, state) && moved.length + added.length === 0) {
    return ok(nothingToDo({ state, shares }, [featureId]))
  }
  const after: Flag = { ...before, target, state: { ...state, updatedAt: now }, shares }
  return ok({
    result: { state: after.state, shares },
    statements: [
      db.update(featureStates).set(after.state).where(eq(featureStates.id, id)),
      ...(moved.length === 0 ? [] : [setShares(db, moved)]),
      ...insertRows(db, multivariateValues, added),
    ],
    entries: [
      stateEntry(after, {
        action: 'feature-state.updated',
        log: stateLog(after, changedPart(before.state, state)),
        before: stateSnapshot(before),
        after: stateSnapshot(after),
      }),
    ],
    features: [featureId],
    publish: [environmentId],
    events: [flagEvent(context, environmentId, { before, after })],
  })
}

export const updateFeatureState: Write<
  { environmentId: number; id: number; changes: StateChanges },
  StateWithShares
> = async (context, { environmentId, id, changes }) => {
  const before = await findFlag(context.db, id)
  if (before === undefined || before.environment.id !== environmentId) return notFound()
  const planned = await changeState(context, before, { changes })
  if (planned.kind !== 'ok') return planned
  const refusal = await refuseStateValue(context.db, before.project, {
    before: before.state.stringValue,
    after: planned.value.result.state.stringValue,
  })
  return refusal ?? planned
}
