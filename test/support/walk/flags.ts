/** Random writes about flags: features, variants, states, overrides and their order. */
import type { StateChanges } from '../../../src/domain/feature-states.ts'
import type { WriteName } from '../../../src/domain/register.ts'
import type { Feature } from '../../../src/storage/features.ts'
import {
  idOf,
  inEnvironment,
  inProject,
  type Makers,
  organisationOf,
  projectOf,
  type Walk,
} from './scene.ts'

type Name = Extract<
  WriteName,
  | `feature.${string}`
  | `feature-owners.${string}`
  | `multivariate-option.${string}`
  | `feature-state.${string}`
  | `override.${string}`
  | `feature-segment.${string}`
  | `segment-override.${string}`
  | `flag.${string}`
>

const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id)

const optionsOf = ({ scene }: Walk, featureId: number) =>
  scene.options.filter((option) => option.featureId === featureId)

const option = ({ random, word }: Walk) => ({
  ...(random.chance(0.7)
    ? { type: 'unicode' as const, stringValue: word('variant') }
    : { type: 'int' as const, integerValue: random.int(100) }),
  key: random.chance(0.3) ? word('key') : null,
  defaultPercentageAllocation: random.pick([0, 12.5, 33.3, 30]) ?? 0,
})

/** All variants, so that a whole flag takes them as well. */
const sharesOf = (walk: Walk, featureId: number) => {
  const options = optionsOf(walk, featureId)
  return options.map(({ id }) => ({
    optionId: id,
    percentageAllocation: walk.random.int(Math.floor(100 / options.length) + 1),
  }))
}

function changes(walk: Walk, featureId: number): StateChanges {
  const { random, word } = walk
  return {
    ...(random.chance(0.5) && { enabled: random.chance(0.5) }),
    ...(random.chance(0.6) && {
      value: random.pick([word('value'), random.int(1_000), true, null, 1.5]) ?? null,
    }),
    ...(random.chance(0.3) && { shares: sharesOf(walk, featureId) }),
  }
}

function ownersOf(walk: Walk, { projectId }: Feature) {
  const { random, scene } = walk
  const organisationId = organisationOf(walk, projectId)
  const members = scene.memberships.filter((one) => one.organisationId === organisationId)
  const groups = scene.groups.filter((one) => one.organisationId === organisationId)
  const users = random.some(members, 2).map(({ userId }) => userId)
  return { users, groups: idsOf(random.some(groups, 2)) }
}

const feature = (walk: Walk) => inProject(walk, walk.scene.features)

function withOwners(walk: Walk) {
  const found = feature(walk)
  if (found === undefined) return null
  const { row, organisationId } = found
  const input = { projectId: row.projectId, id: row.id, ...ownersOf(walk, row) }
  return { organisationId, input }
}

/** A feature in one of its environments, with the segments that may override it. */
function placed(walk: Walk) {
  const found = feature(walk)
  if (found === undefined) return null
  const { row, organisationId } = found
  const { random, scene } = walk
  const inProjectOf = <R extends { projectId: number }>(rows: R[]) =>
    rows.filter((one) => one.projectId === row.projectId)
  const environment = random.pick(inProjectOf(scene.environments))
  if (environment === undefined) return null
  const segments = inProjectOf(scene.segments).filter(
    ({ featureId }) => featureId === null || featureId === row.id || random.chance(0.05),
  )
  const at = { environmentId: environment.id, featureId: row.id }
  const links = scene.links.filter(
    (link) => link.environmentId === at.environmentId && link.featureId === at.featureId,
  )
  return { organisationId, at, segments, links }
}

function newLink(walk: Walk) {
  const found = placed(walk)
  const segment = found && walk.random.pick(found.segments)
  if (found === null || !segment) return null
  const priority = walk.random.chance(0.5) ? { priority: walk.random.int(4) } : {}
  const input = { ...found.at, segmentId: segment.id, ...priority }
  return { organisationId: found.organisationId, input }
}

function presentOption(walk: Walk) {
  const { random, scene } = walk
  const row = random.pick(scene.options)
  const own = row && scene.features.find(({ id }) => id === row.featureId)
  if (row === undefined || own === undefined) return null
  const { id: featureId, projectId } = own
  const organisationId = organisationOf(walk, projectId)
  return { organisationId, input: { projectId, featureId, id: row.id } }
}

export const flags: Makers<Name> = {
  'feature.create': (walk) => {
    const { random, scene, word } = walk
    const project = random.pick(scene.projects)
    if (project === undefined || scene.features.length > 40) return null
    const { id: projectId, organisationId } = project
    const options = random.chance(0.5) ? [option(walk), option(walk)] : []
    const tags = scene.tags.filter((tag) => tag.projectId === projectId)
    const input = {
      projectId,
      feature: {
        name: word('feature'),
        type: 'STANDARD' as const,
        description: random.chance(0.5) ? 'ä "quoted" \\ text' : null,
        initialValue: random.pick(['blue', '', '7', null]) ?? null,
        defaultEnabled: random.chance(0.5),
        isArchived: false,
        isServerKeyOnly: random.chance(0.2),
        options,
        tags: idsOf(random.some(tags)),
      },
    }
    return { organisationId, input }
  },
  'feature.update': (walk) => {
    const found = feature(walk)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { random, scene, word } = walk
    const tags = scene.tags.filter((tag) => tag.projectId === row.projectId)
    const kept = random
      .some(optionsOf(walk, row.id))
      .map(({ id }) => (random.chance(0.5) ? { id } : { ...option(walk), id }))
    const input = {
      projectId: row.projectId,
      id: row.id,
      settings: random.chance(0.5)
        ? { description: word('text') }
        : { isArchived: !row.isArchived },
      ...(random.chance(0.4) && { tags: idsOf(random.some(tags)) }),
      ...(random.chance(0.5) && {
        options: random.chance(0.5) ? [...kept, option(walk)] : kept,
      }),
    }
    return { organisationId, input }
  },
  'feature.delete': (walk) => {
    const found = feature(walk)
    if (found === undefined) return null
    const { row, organisationId } = found
    return { organisationId, input: { projectId: row.projectId, id: idOf(walk, row) } }
  },
  'feature-owners.add': withOwners,
  'feature-owners.remove': withOwners,
  'multivariate-option.create': (walk) => {
    const found = feature(walk)
    if (found === undefined) return null
    const { row, organisationId } = found
    const input = { projectId: row.projectId, featureId: row.id, option: option(walk) }
    return { organisationId, input }
  },
  'multivariate-option.update': (walk) => {
    const found = presentOption(walk)
    return found && { ...found, input: { ...found.input, option: option(walk) } }
  },
  'multivariate-option.delete': presentOption,
  'feature-state.update': (walk) => {
    const found = inEnvironment(walk, walk.scene.states)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { environmentId, featureId } = row
    const input = { environmentId, id: idOf(walk, row), changes: changes(walk, featureId) }
    return { organisationId, input }
  },
  'override.create': (walk) => {
    const found = placed(walk)
    if (found === null) return null
    const { organisationId, at, links } = found
    const { random, scene } = walk
    const link = random.pick(links)
    const identity = random.pick(
      scene.identities.filter((one) => one.environmentId === at.environmentId),
    )
    const asked = { ...at, changes: changes(walk, at.featureId) }
    if (link !== undefined && (identity === undefined || random.chance(0.5))) {
      const target = { kind: 'segment' as const, featureSegmentId: link.id }
      return { organisationId, input: { ...asked, target } }
    }
    if (identity === undefined) return null
    const { id, identifier } = identity
    const target = { kind: 'identity' as const, id, identifier }
    return { organisationId, input: { ...asked, target } }
  },
  'override.delete': (walk) => {
    const own = walk.scene.states.filter(({ identityId }) => identityId !== null)
    const found = inEnvironment(walk, own)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { environmentId, id } = row
    return { organisationId, input: { environmentId, identityId: row.identityId ?? 0, id } }
  },
  'override.clone': (walk) => {
    const found = inEnvironment(walk, walk.scene.identities)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { environmentId, id: identityId } = row
    const source = walk.random.pick(
      walk.scene.identities.filter((one) => one.environmentId === environmentId),
    )
    return { organisationId, input: { environmentId, identityId, sourceId: source?.id ?? 0 } }
  },
  'feature-segment.create': newLink,
  'feature-segment.delete': (walk) => {
    const found = inEnvironment(walk, walk.scene.links)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { environmentId } = row
    return { organisationId, input: { environmentId, id: idOf(walk, row) } }
  },
  'feature-segment.reorder': (walk) => {
    const found = placed(walk)
    if (found === null) return null
    const { organisationId, at, links } = found
    const moves = walk.random
      .some(links)
      .map(({ id }) => ({ id, priority: walk.random.int(links.length + 2) }))
    return { organisationId, input: { ...at, moves } }
  },
  'segment-override.create': (walk) => {
    const found = newLink(walk)
    if (found === null) return null
    const { organisationId, input } = found
    return { organisationId, input: { ...input, changes: changes(walk, input.featureId) } }
  },
  'flag.change': (walk) => {
    const found = placed(walk)
    if (found === null) return null
    const { organisationId, at, segments } = found
    const { random } = walk
    const replace = random.chance(0.4)
    const wanted = () => ({
      ...changes(walk, at.featureId),
      ...(replace && { shares: sharesOf(walk, at.featureId) }),
    })
    const overrides = random
      .some(segments, 3)
      .map(({ id }, position) => ({ segmentId: id, position, changes: wanted() }))
    return { organisationId, input: { ...at, own: wanted(), overrides, replace } }
  },
  'flag.delete-override': (walk) => {
    const { random, scene } = walk
    const link = random.pick(scene.links)
    if (link === undefined) return null
    const { environmentId, featureId, segmentId } = link
    const organisationId = organisationOf(walk, projectOf(walk, environmentId))
    return { organisationId, input: { environmentId, featureId, segmentId } }
  },
}
