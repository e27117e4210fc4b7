/**
 * A checked file becomes rows: ids out of reserved blocks, in the order of the file, so that the rows
 * of an imported project export to the same file. Decides nothing.
 */
import type { Environment } from '../storage/environments.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import type { FeatureState, MultivariateValue } from '../storage/feature-states.ts'
import type { Feature, MultivariateOption } from '../storage/features.ts'
import type { Project } from '../storage/projects.ts'
import type { Segment } from '../storage/segments.ts'
import type { Tag } from '../storage/tags.ts'
import { toValueColumns } from '../storage/values.ts'
import type { Flag, Target } from './flag.ts'
import { type NewIdentities, planIdentities } from './identity-plan.ts'
import type { FileEnvironment, FileState, ProjectFile } from './project-file.ts'
import { randomKey } from './random-key.ts'
import { countParts, numberRules } from './segment-rules.ts'
import type { Context } from './write.ts'

export type ImportedFeature = { feature: Feature; options: MultivariateOption[]; tags: number[] }

export type Imported = {
  project: Project
  tags: Tag[]
  features: ImportedFeature[]
  segments: Segment[]
  environments: Environment[]
  /** Every state with what it belongs to: defaults first, environment by environment. */
  flags: Flag[]
  links: FeatureSegment[]
  /** Those with overrides, environment by environment. */
  identities: NewIdentities[]
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

const statesOf = ({ states, segmentOverrides, identityOverrides }: FileEnvironment) => [
  ...states,
  ...segmentOverrides,
  ...identityOverrides,
]

/** A counter over a reserved block. */
const counter = (first: number) => {
  let next = first
  return () => next++
}

async function reserveAll({ reserve }: Pick<Context, 'reserve'>, file: ProjectFile) {
  const states = file.environments.flatMap(statesOf)
  const parts = file.segments.map((segment) => countParts(segment.rules))
  const firsts = await reserve({
    project: 1,
    tag: file.tags.length,
    feature: file.features.length,
    'multivariate-option': sum(file.features.map((feature) => feature.options.length)),
    segment: file.segments.length,
    'segment-rule': sum(parts.map((part) => part.rules)),
    'segment-condition': sum(parts.map((part) => part.conditions)),
    environment: file.environments.length,
    'feature-segment': sum(file.environments.map((one) => one.segmentOverrides.length)),
    'feature-state': states.length,
    'multivariate-value': sum(states.map((state) => state.shares.length)),
  })
  return firsts
}

export async function toRows(
  context: Pick<Context, 'db' | 'homes' | 'now' | 'reserve'>,
  organisationId: number,
  file: ProjectFile,
): Promise<Imported> {
  const { now } = context
  const firsts = await reserveAll(context, file)
  const uuid = () => crypto.randomUUID()
  const project: Project = {
    ...file.project,
    id: firsts.project,
    uuid: uuid(),
    organisationId,
    createdAt: now,
  }
  const projectId = project.id
  const tags = file.tags.map((tag, index): Tag => {
    return { ...tag, id: firsts.tag + index, uuid: uuid(), projectId, createdAt: now }
  })
  const nextOption = counter(firsts['multivariate-option'])
  const features = file.features.map(
    ({ options, tags: tagged, ...feature }, index): ImportedFeature => {
      const id = firsts.feature + index
      return {
        feature: { ...feature, id, uuid: uuid(), projectId, createdAt: now, version: 1 },
        options: options.map((option) => {
          return { ...option, id: nextOption(), uuid: uuid(), featureId: id }
        }),
        tags: tagged.map((position) => firsts.tag + position),
      }
    },
  )
  const byName = new Map(features.map((one) => [one.feature.name, one]))
  let nextRule = firsts['segment-rule']
  let nextCondition = firsts['segment-condition']
  const segments = file.segments.map(({ feature, rules, ...segment }, index): Segment => {
    const numbered = numberRules(rules, { rule: nextRule, condition: nextCondition })
    const parts = countParts(rules)
    nextRule += parts.rules
    nextCondition += parts.conditions
    return {
      ...segment,
      id: firsts.segment + index,
      uuid: uuid(),
      projectId,
      featureId: feature === null ? null : (byName.get(feature)?.feature.id ?? null),
      rules: numbered,
      createdAt: now,
      updatedAt: now,
    }
  })

  const nextState = counter(firsts['feature-state'])
  const nextShare = counter(firsts['multivariate-value'])
  const toFlag = (environment: Environment, sent: FileState, target: Target): Flag => {
    const whole = byName.get(sent.feature)
    if (whole === undefined) throw new Error('a checked file names an unknown feature')
    const { feature, options } = whole
    const state: FeatureState = {
      id: nextState(),
      uuid: uuid(),
      featureId: feature.id,
      environmentId: environment.id,
      featureSegmentId: target.kind === 'segment' ? target.link.id : null,
      identityId: target.kind === 'identity' ? target.id : null,
      identifier: target.kind === 'identity' ? target.identifier : null,
      enabled: sent.enabled,
      ...toValueColumns(sent.value),
      createdAt: now,
      updatedAt: now,
    }
    const shares = sent.shares.map(({ option, percentageAllocation }): MultivariateValue => {
      const optionId = options[option]?.id ?? 0
      return {
        id: nextShare(),
        uuid: uuid(),
        featureStateId: state.id,
        optionId,
        percentageAllocation,
      }
    })
    return { project, environment, feature, options, target, state, shares }
  }

  const nextLink = counter(firsts['feature-segment'])
  const environments: Environment[] = []
  const links: FeatureSegment[] = []
  const flags: Flag[] = []
  const identities: NewIdentities[] = []
  for (const [index, one] of file.environments.entries()) {
    const environment: Environment = {
      ...one.settings,
      id: firsts.environment + index,
      uuid: uuid(),
      projectId,
      apiKey: randomKey(22),
      // The commit raises it: the first published version is 1.
      version: 0,
      createdAt: now,
      updatedAt: now,
    }
    environments.push(environment)
    for (const sent of one.states) flags.push(toFlag(environment, sent, { kind: 'default' }))
    for (const sent of one.segmentOverrides) {
      const segment = segments[sent.segment]
      const featureId = byName.get(sent.feature)?.feature.id
      if (segment === undefined || featureId === undefined) {
        throw new Error('a checked file names an unknown segment')
      }
      const link: FeatureSegment = {
        id: nextLink(),
        uuid: uuid(),
        featureId,
        segmentId: segment.id,
        environmentId: environment.id,
        priority: sent.priority,
      }
      links.push(link)
      flags.push(toFlag(environment, sent, { kind: 'segment', segment, link }))
    }
    const identifiers = [...new Set(one.identityOverrides.map((sent) => sent.identifier))]
    const planned = await planIdentities(context, environment.id, identifiers)
    identities.push(planned)
    const ids = new Map(planned.identities.map((one) => [one.identifier, one.id]))
    for (const sent of one.identityOverrides) {
      const { identifier } = sent
      const id = ids.get(identifier)
      if (id === undefined) throw new Error('an override of an identity that was not planned')
      flags.push(toFlag(environment, sent, { kind: 'identity', id, identifier }))
    }
  }
  return { project, tags, features, segments, environments, flags, links, identities }
}
