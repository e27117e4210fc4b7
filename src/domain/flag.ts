/** A flag with everything around it: whose state it is, and how the log and events speak of it. */
import type { Database } from '../storage/database.ts'
import { type Environment, findEnvironment } from '../storage/environments.ts'
import { type FeatureSegment, findFeatureSegment } from '../storage/feature-segments.ts'
import {
  type FeatureState,
  findFeatureState,
  listMultivariateValues,
  type MultivariateValue,
} from '../storage/feature-states.ts'
import {
  type Feature,
  findFeature,
  listOptions,
  type MultivariateOption,
} from '../storage/features.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { findSegment, type Segment } from '../storage/segments.ts'

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

async function findTarget(db: Database, state: FeatureState): Promise<Target | undefined> {
  const { identityId, identifier, featureSegmentId } = state
  if (identityId !== null) return { kind: 'identity', id: identityId, identifier: identifier ?? '' }
  if (featureSegmentId === null) return { kind: 'default' }
  const link = await findFeatureSegment(db, featureSegmentId)
  const segment = link && (await findSegment(db, link.segmentId))
  return link && segment && { kind: 'segment', segment, link }
}

/** Undefined when the state or anything above it does not exist. */
export async function findFlag(db: Database, stateId: number): Promise<Flag | undefined> {
  const state = await findFeatureState(db, stateId)
  if (state === undefined) return undefined
  const [environment, feature, target, shares, options] = await Promise.all([
    findEnvironment(db, state.environmentId),
    findFeature(db, state.featureId),
    findTarget(db, state),
    listMultivariateValues(db, stateId),
    listOptions(db, state.featureId),
  ])
  const project = environment && (await findProject(db, environment.projectId))
  if (!project || !environment || !feature || !target) return undefined
  return { project, environment, feature, target, state, shares, options }
}

/** What changed of a state: its switch (or all of it), its value, or only the shares of variants. */
export type Part = 'state' | 'value' | 'shares' | 'deleted'

/** The original's log texts (contract admin-api §C.3). */
export function stateLog({ feature: { name }, target }: Flag, part: Part): string {
  switch (target.kind) {
    case 'default':
      if (part === 'state') return `Flag state updated for feature: ${name}`
      if (part === 'value') return `Remote config value updated for feature: ${name}`
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
