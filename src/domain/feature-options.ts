/**
 * What a changed list of options means for the rest: rows, the states of every environment, and
 * what the log and the webhooks tell of it.
 */
import { eq } from 'drizzle-orm'
import { insertRows, isOneOf, type Statement } from '../storage/database.ts'
import {
  featureStates,
  type MultivariateValue,
  multivariateValues,
} from '../storage/feature-states.ts'
import { type Feature, multivariateOptions } from '../storage/features.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, stateLog } from './flag.ts'
import { flagEvent, flagState } from './flag-event.ts'
import type { OptionChanges } from './multivariate-options.ts'
import { snapshot } from './snapshot.ts'
import type { About, Context, EntryDraft, EventDraft } from './write.ts'

export type Reshared = { flags: Flag[]; added: MultivariateValue[] }

const changesStates = ({ added, removed }: OptionChanges) => added.length + removed.length > 0

/**
 * Shares of removed options go; a new option gets its default share in every environment, or what the
 * environment's other shares leave of 100 %, so that no state ever gives away more than there is.
 */
export async function reshare(
  { now, reserve }: Pick<Context, 'now' | 'reserve'>,
  flags: Flag[],
  { feature, changes }: { feature: Feature; changes: OptionChanges },
): Promise<Reshared> {
  const { options, added: newOptions } = changes
  if (!changesStates(changes)) {
    return { flags: flags.map((flag) => ({ ...flag, feature, options })), added: [] }
  }
  const count = flags.length * newOptions.length
  const { 'multivariate-value': first } = await reserve({ 'multivariate-value': count })
  const kept = new Set(options.map((option) => option.id))
  const added: MultivariateValue[] = []
  const after = flags.map((flag) => {
    const shares = flag.shares.filter((share) => kept.has(share.optionId))
    let room = 100 - shares.reduce((sum, share) => sum + share.percentageAllocation, 0)
    for (const { id: optionId, defaultPercentageAllocation } of newOptions) {
      const percentageAllocation = Math.max(0, Math.min(defaultPercentageAllocation, room))
      const id = first + added.length
      const uuid = crypto.randomUUID()
      const share = { id, uuid, featureStateId: flag.state.id, optionId, percentageAllocation }
      shares.push(share)
      added.push(share)
      room -= percentageAllocation
    }
    return { ...flag, feature, options, shares, state: { ...flag.state, updatedAt: now } }
  })
  return { flags: after, added }
}

const idsOf = (rows: { id: number }[]) => rows.map((row) => row.id)

/** The database drops the shares of a deleted option itself, overrides' shares among them. */
export const optionStatements = (
  { db, now }: Pick<Context, 'db' | 'now'>,
  changes: OptionChanges,
  reshared: Reshared,
): Statement[] => [
  db.delete(multivariateOptions).where(isOneOf(multivariateOptions.id, idsOf(changes.removed))),
  // Two options may swap their keys: all are taken away before any is given.
  db
    .update(multivariateOptions)
    .set({ key: null })
    .where(isOneOf(multivariateOptions.id, idsOf(changes.edited))),
  ...changes.edited.map((option) =>
    db.update(multivariateOptions).set(option).where(eq(multivariateOptions.id, option.id)),
  ),
  ...insertRows(db, multivariateOptions, changes.added),
  ...insertRows(db, multivariateValues, reshared.added),
  ...(changesStates(changes)
    ? [
        db
          .update(featureStates)
          .set({ updatedAt: now })
          .where(isOneOf(featureStates.id, idsOf(reshared.flags.map((flag) => flag.state)))),
      ]
    : []),
]

/** The original's texts for options that come and go; edits are told by the feature's own entry. */
export const optionEntries = (about: About, { added, removed }: OptionChanges): EntryDraft[] => [
  ...removed.map((option) => ({
    ...about,
    action: 'multivariate-option.deleted',
    log: `Multivariate option removed from feature '${about.resource.name}'.`,
    before: snapshot(option),
    after: null,
  })),
  ...added.map((option) => ({
    ...about,
    action: 'multivariate-option.created',
    log: `Multivariate option added to feature '${about.resource.name}'.`,
    before: null,
    after: snapshot(option),
  })),
]

export const stateEntries = (
  before: Flag[],
  { flags }: Reshared,
  changes: OptionChanges,
): EntryDraft[] =>
  flags.flatMap((flag, index) => {
    const past = before[index]
    if (past === undefined || !changesStates(changes)) return []
    return [
      stateEntry(flag, {
        action: 'feature-state.updated',
        log: `Multivariate value changed for feature '${flag.feature.name}'.`,
        before: stateSnapshot(past),
        after: stateSnapshot(flag),
      }),
    ]
  })

/** Overrides that lose their shares of removed options; all else of them stays. */
export const overrideEntries = (losing: Flag[], { removed }: OptionChanges): EntryDraft[] => {
  const gone = new Set(idsOf(removed))
  return losing.map((flag) =>
    stateEntry(flag, {
      action: 'feature-state.updated',
      log: stateLog(flag, 'shares'),
      before: stateSnapshot(flag),
      after: stateSnapshot({
        ...flag,
        shares: flag.shares.filter((share) => !gone.has(share.optionId)),
      }),
    }),
  )
}

const toldOptions = (flag: Flag) =>
  JSON.stringify(flagState(flag).multivariate_feature_state_values)

/** Where what is served has changed: shares that came or went, and new values of options. */
export const optionEvents = (context: Context, before: Flag[], { flags }: Reshared): EventDraft[] =>
  flags.flatMap((flag, index) => {
    const past = before[index]
    if (past === undefined || toldOptions(past) === toldOptions(flag)) return []
    return [flagEvent(context, flag.environment.id, { before: past, after: flag })]
  })
