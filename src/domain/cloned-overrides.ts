/**
 * Makes the overrides of one identity those of another of its environment: what both have alike stays,
 * the rest is copied or goes. A copy that replaces an override keeps its ids.
 */
import { notFound, ok, unknownId } from '../outcome.ts'
import { isOneOf } from '../storage/database.ts'
import { type FeatureState, featureStates } from '../storage/feature-states.ts'
import type { Identity } from '../storage/identities.ts'
import { listOverrides, type Overrides } from '../storage/overrides-of-identity.ts'
import { type StateWithShares, stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, type Part, stateLog } from './flag.ts'
import { flagEvent } from './flag-event.ts'
import { entriesOfDeleted } from './identities.ts'
import { findOneIdentity, type OneIdentity } from './identity-plan.ts'
import { insertStates } from './new-states.ts'
import { type Context, nothingToDo, type Write } from './write.ts'

type Own = StateWithShares & { sharesByOption: string }

function byFeature({ states, shares }: Overrides): Map<number, Own> {
  const byState = Map.groupBy(shares, (share) => share.featureStateId)
  return new Map(
    states.map((state) => {
      const own = byState.get(state.id) ?? []
      const told = own.map((share) => `${share.optionId}:${share.percentageAllocation}`)
      return [state.featureId, { state, shares: own, sharesByOption: told.sort().join() }]
    }),
  )
}

const worth = ({ enabled, type, stringValue, integerValue, booleanValue }: FeatureState) =>
  JSON.stringify([enabled, type, stringValue, integerValue, booleanValue])

/** What the copy changes of what is there; undefined when it changes nothing. */
function changedPart(present: Own, source: Own): Part | undefined {
  if (present.state.enabled !== source.state.enabled) return 'state'
  if (worth(present.state) !== worth(source.state)) return 'value'
  return present.sharesByOption === source.sharesByOption ? undefined : 'shares'
}

type Copy = { source: Own; present: Own | undefined; part: Part }

function copiesOf(from: Overrides, to: Overrides): Copy[] {
  const presents = byFeature(to)
  return [...byFeature(from).values()].flatMap((source) => {
    const present = presents.get(source.state.featureId)
    const part = present === undefined ? 'state' : changedPart(present, source)
    return part === undefined ? [] : [{ source, present, part }]
  })
}

async function copyAll(
  { now, reserve }: Pick<Context, 'now' | 'reserve'>,
  { id, identifier }: Identity,
  copies: Copy[],
): Promise<StateWithShares[]> {
  const firsts = await reserve({
    'feature-state': copies.length,
    'multivariate-value': copies.reduce((sum, { source }) => sum + source.shares.length, 0),
  })
  let shareId = firsts['multivariate-value']
  return copies.map(({ source, present }, index) => {
    const own = present?.state ?? {
      id: firsts['feature-state'] + index,
      uuid: crypto.randomUUID(),
      createdAt: now,
    }
    const state: FeatureState = {
      ...source.state,
      identityId: id,
      identifier,
      id: own.id,
      uuid: own.uuid,
      createdAt: own.createdAt,
      updatedAt: now,
    }
    const shares = source.shares.map((share) => ({
      ...share,
      id: shareId++,
      uuid: crypto.randomUUID(),
      featureStateId: own.id,
    }))
    return { state, shares }
  })
}

/** How the log and the events speak of one of the overrides. */
function toFlag(
  { project, environment, identity }: OneIdentity,
  { features, options }: Overrides,
  { state, shares }: StateWithShares,
): Flag {
  const feature = features.find((candidate) => candidate.id === state.featureId)
  if (feature === undefined) throw new Error('an override without its feature')
  const target = { kind: 'identity' as const, id: identity.id, identifier: identity.identifier }
  const own = options.filter((option) => option.featureId === feature.id)
  return { project, environment, feature, target, state, shares, options: own }
}

export const cloneOverrides: Write<
  { environmentId: number; identityId: number; sourceId: number },
  null
> = async (context, { environmentId, identityId, sourceId }) => {
  const { db } = context
  const [target, source] = await Promise.all([
    findOneIdentity(context, { environmentId, id: identityId }),
    findOneIdentity(context, { environmentId, id: sourceId }),
  ])
  if (target === undefined) return notFound()
  if (source === undefined) return unknownId('source_identity_id', sourceId)
  const [from, to] = await Promise.all([
    listOverrides(db, { environmentId, identityId: sourceId }),
    listOverrides(db, { environmentId, identityId }),
  ])
  const copies = copiesOf(from, to)
  const kept = new Set(from.states.map((state) => state.featureId))
  const gone = to.states.filter((state) => !kept.has(state.featureId))
  if (copies.length + gone.length === 0) return ok(nothingToDo(null))
  const made = await copyAll(context, target.identity, copies)
  const replaced = copies.flatMap(({ present }) => (present === undefined ? [] : [present.state]))
  const told = copies.flatMap(({ present, part }, index) => {
    const copied = made[index]
    if (copied === undefined) return []
    const after = toFlag(target, from, copied)
    const before = present === undefined ? null : toFlag(target, from, present)
    const entry = stateEntry(after, {
      action: before === null ? 'feature-state.created' : 'feature-state.updated',
      log: stateLog(after, part),
      before: before && stateSnapshot(before),
      after: stateSnapshot(after),
    })
    return [{ entry, event: flagEvent(context, environmentId, { before, after }) }]
  })
  const removed = [...replaced, ...gone].map((state) => state.id)
  const touched = [...made.map(({ state }) => state), ...gone]
  return ok({
    result: null,
    statements: [
      db.delete(featureStates).where(isOneOf(featureStates.id, removed)),
      ...insertStates(db, {
        states: made.map(({ state }) => state),
        shares: made.flatMap(({ shares }) => shares),
      }),
    ],
    entries: [
      ...told.map(({ entry }) => entry),
      ...entriesOfDeleted(target, target.identity, { ...to, states: gone }),
    ],
    features: touched.map((state) => state.featureId),
    publish: [environmentId],
    events: told.map(({ event }) => event),
  })
}
