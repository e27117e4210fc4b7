/**
 * A project as one file: everything about its flags, with the identifiers that overrides are for, and no
 * key, secret, id or account. Features are named by name, all else by its position, from 0, in the
 * file's own lists. Pure.
 */
import type { FeatureType, FlagValue } from '../engine/document.ts'
import type { FeatureState } from '../storage/feature-states.ts'
import type { ProjectRows } from '../storage/project-rows.ts'
import type { Project } from '../storage/projects.ts'
import type { RuleTree } from '../storage/segments.ts'
import type { Tag } from '../storage/tags.ts'
import { toFlagValue, type ValueColumns } from '../storage/values.ts'
import type { EnvironmentSettings } from './environments.ts'
import { withoutIds } from './segment-rules.ts'

export type FileOption = ValueColumns & { key: string | null; defaultPercentageAllocation: number }

export type FileFeature = {
  name: string
  type: FeatureType
  description: string | null
  initialValue: string | null
  defaultEnabled: boolean
  isArchived: boolean
  isServerKeyOnly: boolean
  tags: number[]
  options: FileOption[]
}

export type FileState = {
  /** The feature's name. */
  feature: string
  enabled: boolean
  value: FlagValue
  shares: { option: number; percentageAllocation: number }[]
}

export type FileEnvironment = {
  settings: Omit<EnvironmentSettings, 'apiKey'>
  states: FileState[]
  segmentOverrides: (FileState & { segment: number; priority: number })[]
  identityOverrides: (FileState & { identifier: string })[]
}

export type ProjectFile = {
  project: Omit<Project, 'id' | 'uuid' | 'organisationId' | 'createdAt'>
  tags: Pick<Tag, 'label' | 'color' | 'description' | 'isPermanent'>[]
  features: FileFeature[]
  segments: { name: string; description: string | null; feature: string | null; rules: RuleTree }[]
  environments: FileEnvironment[]
}

const positions = (rows: { id: number }[]) => new Map(rows.map((row, index) => [row.id, index]))

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`a project's rows name a ${what} that is not there`)
  return value
}

/** The same rows always give the same file; rows that differ in ids and times only, too. */
export function toProjectFile(rows: ProjectRows): ProjectFile {
  const names = new Map(rows.features.map((feature) => [feature.id, feature.name]))
  const tagAt = positions(rows.tags)
  const segmentAt = positions(rows.segments)
  const options = Map.groupBy(rows.options, (option) => option.featureId)
  const tags = Map.groupBy(rows.featureTags, (row) => row.featureId)
  const links = new Map(rows.featureSegments.map((link) => [link.id, link]))
  const shares = Map.groupBy(rows.shares, (share) => share.featureStateId)
  const states = Map.groupBy(rows.states, (state) => state.environmentId)

  const toState = (state: FeatureState): FileState => {
    const optionAt = positions(options.get(state.featureId) ?? [])
    return {
      feature: found(names.get(state.featureId), 'feature'),
      enabled: state.enabled,
      value: toFlagValue(state),
      shares: (shares.get(state.id) ?? []).map((share) => ({
        option: found(optionAt.get(share.optionId), 'variant'),
        percentageAllocation: share.percentageAllocation,
      })),
    }
  }

  const toEnvironment = (row: ProjectRows['environments'][number]): FileEnvironment => {
    const { id, uuid, projectId, apiKey, version, createdAt, updatedAt, ...settings } = row
    const own = states.get(id) ?? []
    return {
      settings,
      states: own
        .filter((state) => state.featureSegmentId === null && state.identityId === null)
        .map(toState),
      segmentOverrides: own.flatMap((state) => {
        if (state.featureSegmentId === null) return []
        const link = found(links.get(state.featureSegmentId), 'feature segment')
        const segment = found(segmentAt.get(link.segmentId), 'segment')
        return [{ ...toState(state), segment, priority: link.priority }]
      }),
      identityOverrides: own.flatMap((state) =>
        state.identifier === null ? [] : [{ ...toState(state), identifier: state.identifier }],
      ),
    }
  }

  const { id, uuid, organisationId, createdAt, ...project } = rows.project
  return {
    project,
    tags: rows.tags.map(({ label, color, description, isPermanent }) => ({
      label,
      color,
      description,
      isPermanent,
    })),
    features: rows.features.map((feature) => ({
      name: feature.name,
      type: feature.type,
      description: feature.description,
      initialValue: feature.initialValue,
      defaultEnabled: feature.defaultEnabled,
      isArchived: feature.isArchived,
      isServerKeyOnly: feature.isServerKeyOnly,
      tags: (tags.get(feature.id) ?? []).map((row) => found(tagAt.get(row.tagId), 'tag')),
      options: (options.get(feature.id) ?? []).map(
        ({ id: _, uuid: __, featureId: ___, ...option }) => option,
      ),
    })),
    segments: rows.segments.map(({ name, description, featureId, rules }) => ({
      name,
      description,
      feature: featureId === null ? null : found(names.get(featureId), 'feature'),
      rules: withoutIds(rules),
    })),
    environments: rows.environments.map(toEnvironment),
  }
}
