/** A flag with everything around it: whose state it is, and how the log and events speak of it. */
import type { Database } from '../storage/database.ts'
import type { Environment } from '../storage/environments.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import type { FeatureState, MultivariateValue } from '../storage/feature-states.ts'
import type { Feature, MultivariateOption } from '../storage/features.ts'
import { type FlagRows, readFlagRows } from '../storage/flag-rows.ts'
import type { Project } from '../storage/projects.ts'
import type { Segment } from '../storage/segments.ts'

/** The environment's own state, or an override for those in a segment, or for one identity. */
export type Target =
  | { kind: 'default' }
  | { kind: 'segment'; segment: Segment; link: FeatureSegment }
  | { kind: 'identity'; id: number; identifier: string }

export type Flag = {
  project: Project
  environment: Environment
  feature: Feature
  target: Target
  state: FeatureState
  shares: MultivariateValue[]
  options: MultivariateOption[]
}

function targetOf(state: FeatureState, rows: FlagRows): Target | undefined {
  const { identityId, identifier, featureSegmentId } = state
  if (identityId !== null) return { kind: 'identity', id: identityId, identifier: identifier ?? '' }
  if (featureSegmentId === null) return { kind: 'default' }
  const link = rows.links.get(featureSegmentId)
  const segment = link && rows.segments.get(link.segmentId)
  return link && segment && { kind: 'segment', segment, link }
}

function flagOf(state: FeatureState, rows: FlagRows): Flag | undefined {
  const environment = rows.environments.get(state.environmentId)
  const project = environment && rows.projects.get(environment.projectId)
  const feature = rows.features.get(state.featureId)
  const target = targetOf(state, rows)
  if (!project || !environment || !feature || !target) return undefined
  const shares = rows.shares.get(state.id) ?? []
  const options = rows.options.get(state.featureId) ?? []
  return { project, environment, feature, target, state, shares, options }
}

type Reading = { ids: number[]; rows: Promise<FlagRows> }

const readings = new WeakMap<Database, Reading>()

/**
 * Undefined when the state or anything above it does not exist. What is asked of one handle in the
 * same moment is read in one round trip: a group of changes costs no more than one.
 */
export async function findFlag(db: Database, stateId: number): Promise<Flag | undefined> {
  let reading = readings.get(db)
  if (reading === undefined) {
    const ids: number[] = []
    const rows = Promise.resolve().then(() => {
      readings.delete(db)
      return readFlagRows(db, ids)
    })
    reading = { ids, rows }
    readings.set(db, reading)
  }
  reading.ids.push(stateId)
  const rows = await reading.rows
  const state = rows.states.get(stateId)
  return state && flagOf(state, rows)
}

/** Those of the states that are there, with all around them, in one round trip. */
export async function findFlags(db: Database, stateIds: number[]): Promise<Flag[]> {
  const rows = await readFlagRows(db, stateIds)
  return stateIds.flatMap((id) => {
    const state = rows.states.get(id)
    return (state && flagOf(state, rows)) ?? []
  })
}

/** What changed of a state: its switch (or all of it), its value, or only the shares of variants. */
export type Part = 'state' | 'value' | 'shares' | 'deleted'

/** The original's log texts (contract admin-api §C.3). */
export function stateLog({ feature: { name }, target }: Flag, part: Part): string {
  switch (target.kind) {
    case 'default':
      if (part === 'state') return `Flag state updated for feature: ${name}`
      if (part === 'value') return `Remote config value updated for feature: ${name}`
      if (part === 'deleted') return `Flag / Remote Config Deleted: ${name}`
      return `Multivariate value changed for feature '${name}'.`
    case 'identity': {
      const whom = `feature '${name}' and identity '${target.identifier}'`
      if (part === 'state') return `Flag state / Remote config value updated for ${whom}`
      if (part === 'deleted') return `Flag state / Remote config value deleted for ${whom}`
      if (part === 'shares') return `Multivariate value changed for ${whom}.`
      return `Remote config value updated for identity override on ${whom}.`
    }
    case 'segment': {
      const whom = `feature '${name}' and segment '${target.segment.name}'`
      if (part === 'state') return `Flag state / Remote config value updated for ${whom}`
      if (part === 'deleted') return `Flag state / Remote config value deleted for ${whom}`
      if (part === 'shares') return `Multivariate value changed for ${whom}.`
      return `Remote config updated for segment override on ${whom}.`
    }
  }
}
