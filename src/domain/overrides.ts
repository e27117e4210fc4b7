/**
 * The rules of overrides: what a feature is in an environment for those in a segment, or for one
 * identity, instead of the environment's own state.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, type Outcome, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
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

async function findTarget(db: Database, place: Place): Promise<Outcome<Target>> {
  const { environmentId, featureId, target } = place
  if (target.kind === 'identity') {
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

/** The override before anything is asked of it: a copy of the environment's own state. */
async function inherit(
  { db, now, reserve }: Context,
  { environment, feature }: Ground,
  target: Target,
): Promise<Outcome<StateWithShares>> {
  const original = await findDefaultState(db, environment.id, feature.id)
  if (original === undefined) return notFound()
  const originalShares = await listMultivariateValues(db, original.id)
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
  return ok({ state, shares })
}

type Asked = { ground: Ground; target: Target; changes: StateChanges }

/** What the request leaves out is taken from the environment's own state. */
async function planOverride(
  context: Context,
  { ground, target, changes }: Asked,
): Promise<Outcome<Plan<StateWithShares>>> {
  const { db } = context
  const { environment, feature } = ground
  const inherited = await inherit(context, ground, target)
  if (inherited.kind !== 'ok') return inherited
  const options = await listOptions(db, feature.id)
  const outcome = await withShares(context, { ...inherited.value, options }, changes.shares)
  if (outcome.kind !== 'ok') return outcome
  const { shares } = outcome.value
  const state: FeatureState = {
    ...inherited.value.state,
    enabled: changes.enabled ?? inherited.value.state.enabled,
    ...valueAfter(inherited.value.state, changes),
  }
  const flag: Flag = { ...ground, target, state, shares, options }
  return ok({
    result: { state, shares },
    statements: insertStates(db, { states: [state], shares }),
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

export const createOverride: Write<Place & { changes: StateChanges }, StateWithShares> = async (
  context,
  { changes, ...place },
) => {
  const ground = await findGround(context, place)
  if (ground.kind !== 'ok') return ground
  const target = await findTarget(context.db, place)
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
