/**
 * The rules of overrides: what a feature is in an environment for those in a segment, or for one
 * identity, instead of the environment's own state.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, type Outcome, ok } from '../outcome.ts'
import { type FeatureSegment, findFeatureSegment } from '../storage/feature-segments.ts'
import {
  type FeatureState,
  featureStates,
  findDefaultState,
  findStateOfIdentity,
  findStateOfSegment,
  listMultivariateValues,
} from '../storage/feature-states.ts'
import { listOptions } from '../storage/features.ts'
import { findHoused } from '../storage/identity-homes.ts'
import { findSegment } from '../storage/segments.ts'
import { findGround, type Ground, type NewLink, planLink } from './feature-segments.ts'
import {
  type StateChanges,
  type StateWithShares,
  stateEntry,
  stateSnapshot,
  valueAfter,
  withShares,
} from './feature-states.ts'
import { type Flag, findFlag, stateLog, type Target } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import { bytesOf, refuseText, refuseValue } from './limits.ts'
import { insertStates } from './new-states.ts'
import { snapshot } from './snapshot.ts'
import type { Context, Plan, Write } from './write.ts'

/** Whose override it is. */
export type OverrideTarget =
  | { kind: 'segment'; featureSegmentId: number }
  | { kind: 'identity'; id: number; identifier: string }

type Place = { environmentId: number; featureId: number; target: OverrideTarget }

const taken = invalid({
  non_field_errors: ['An override of this feature exists already: change it instead.'],
})

async function findTarget(
  { db, homes }: Pick<Context, 'db' | 'homes'>,
  place: Place,
): Promise<Outcome<Target>> {
  const { environmentId, featureId, target } = place
  if (target.kind === 'identity') {
    if ((await findHoused(homes, environmentId, target.id)) === undefined) {
      return invalid({ identity: ['Identity does not exist in environment.'] })
    }
    const present = await findStateOfIdentity(db, { ...place, identityId: target.id })
    return present === undefined ? ok(target) : taken
  }
  const link = await findFeatureSegment(db, target.featureSegmentId)
  const segment = link && (await findSegment(db, link.segmentId))
  if (!segment || link.environmentId !== environmentId || link.featureId !== featureId) {
    return invalid({ feature_segment: ['Feature Segment does not belong to environment.'] })
  }
  const present = await findStateOfSegment(db, link.id)
  return present === undefined ? ok({ kind: 'segment', segment, link }) : taken
}

/** What an override starts from: the environment's own state. */
export type Base = StateWithShares & Pick<Flag, 'options'>

/** The override before anything is asked of it: a copy of the environment's own state. */
async function inherit(
  { now, reserve }: Pick<Context, 'now' | 'reserve'>,
  target: Target,
  { state: original, shares: originalShares }: Base,
): Promise<StateWithShares> {
  const count = originalShares.length
  const firsts = await reserve({ 'feature-state': 1, 'multivariate-value': count })
  const state: FeatureState = {
    ...original,
    id: firsts['feature-state'],
    uuid: crypto.randomUUID(),
    featureSegmentId: target.kind === 'segment' ? target.link.id : null,
    identityId: target.kind === 'identity' ? target.id : null,
    identifier: target.kind === 'identity' ? target.identifier : null,
    createdAt: now,
    updatedAt: now,
  }
  const shares = originalShares.map((share, index) => ({
    ...share,
    id: firsts['multivariate-value'] + index,
    uuid: crypto.randomUUID(),
    featureStateId: state.id,
  }))
  return { state, shares }
}

type Asked = { ground: Ground; target: Target; changes: StateChanges }

/** A new override on top of a base that is known already. Limits are not judged. */
export async function overrideFrom(
  context: Context,
  { ground, target, changes }: Asked,
  base: Base,
): Promise<Outcome<Plan<StateWithShares>>> {
  const { environment, feature } = ground
  const { options } = base
  const inherited = await inherit(context, target, base)
  const outcome = await withShares(context, { ...inherited, options }, changes.shares)
  if (outcome.kind !== 'ok') return outcome
  const { shares } = outcome.value
  const state: FeatureState = {
    ...inherited.state,
    enabled: changes.enabled ?? inherited.state.enabled,
    ...valueAfter(inherited.state, changes),
  }
  const flag: Flag = { ...ground, target, state, shares, options }
  return ok({
    result: { state, shares },
    statements: insertStates(context.db, { states: [state], shares }),
    entries: [
      stateEntry(flag, {
        action: 'feature-state.created',
        log: stateLog(flag, 'state'),
        before: null,
        after: stateSnapshot(flag),
      }),
    ],
    features: [feature.id],
    publish: [environment.id],
    events: [flagEvent(context, environment.id, { before: null, after: flag })],
  })
}

/** What the request leaves out is taken from the environment's own state. */
async function planOverride(
  context: Context,
  asked: Asked,
): Promise<Outcome<Plan<StateWithShares>>> {
  const { db } = context
  const { project, environment, feature } = asked.ground
  const state = await findDefaultState(db, environment.id, feature.id)
  if (state === undefined) return notFound()
  const [shares, options] = await Promise.all([
    listMultivariateValues(db, state.id),
    listOptions(db, feature.id),
  ])
  const planned = await overrideFrom(context, asked, { state, shares, options })
  if (planned.kind !== 'ok') return planned
  // A value that is inherited was taken before; it weighs on the document all the same.
  const { stringValue: value } = planned.value.result.state
  const isNew = value !== state.stringValue
  const refusal = isNew ? refuseValue(project, value, 'feature_state_value') : undefined
  return refusal ?? (await refuseText(db, project, bytesOf(value))) ?? planned
}

export const createOverride: Write<Place & { changes: StateChanges }, StateWithShares> = async (
  context,
  { changes, ...place },
) => {
  const ground = await findGround(context, place)
  if (ground.kind !== 'ok') return ground
  const target = await findTarget(context, place)
  if (target.kind !== 'ok') return target
  return planOverride(context, { ground: ground.value, target: target.value, changes })
}

/** Link and state in one change: the log tells it once, and the state's entry holds both. */
export const createSegmentOverride: Write<
  NewLink & { changes: StateChanges },
  StateWithShares & { link: FeatureSegment }
> = async (context, { changes, ...place }) => {
  const linked = await planLink(context, place)
  if (linked.kind !== 'ok') return linked
  const { project, environment, feature, segment, link } = linked.value
  const ground = { project, environment, feature }
  const target: Target = { kind: 'segment', segment, link }
  const planned = await planOverride(context, { ground, target, changes })
  if (planned.kind !== 'ok') return planned
  const { result, statements, entries, ...effects } = planned.value
  const told = entries.map((entry) => ({
    ...entry,
    after: { ...entry.after, feature_segment: snapshot(link) },
  }))
  return ok({
    ...effects,
    result: { ...result, link },
    statements: [...linked.value.statements, ...statements],
    entries: [...linked.value.entries, ...told],
  })
}

/** Only overrides: an environment's own state goes with its feature. */
export const deleteIdentityOverride: Write<
  { environmentId: number; identityId: number; id: number },
  null
> = async ({ db }, { environmentId, identityId, id }) => {
  const flag = await findFlag(db, id)
  if (flag?.environment.id !== environmentId) return notFound()
  if (flag.target.kind !== 'identity' || flag.target.id !== identityId) return notFound()
  return ok({
    result: null,
    statements: [db.delete(featureStates).where(eq(featureStates.id, id))],
    entries: [
      stateEntry(flag, {
        action: 'feature-state.deleted',
        log: stateLog(flag, 'deleted'),
        before: stateSnapshot(flag),
        after: null,
      }),
    ],
    features: [flag.feature.id],
    publish: [environmentId],
    events: [],
  })
}
