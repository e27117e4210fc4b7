/** Random writes about projects and environments: settings, keys, tags, segments, identities. */

import { toProjectFile } from '../../../src/domain/project-file.ts'
import type { WriteName } from '../../../src/domain/register.ts'
import { readProjectRows } from '../../../src/storage/project-rows.ts'
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
  | `project.${string}`
  | `environment.${string}`
  | `environment-key.${string}`
  | `tag.${string}`
  | `segment.${string}`
  | `identity.${string}`
  | `trait.${string}`
  | `trait-key.${string}`
>

const project = ({ random, scene }: Walk) => random.pick(scene.projects)

function environment(walk: Walk) {
  const found = inProject(walk, walk.scene.environments)
  return found && { ...found, environmentId: found.row.id }
}

/** The write that an environment's id alone is asked of. */
function ofEnvironment(walk: Walk) {
  const found = environment(walk)
  if (found === undefined) return null
  const { organisationId, environmentId } = found
  return { organisationId, input: { environmentId } }
}

const tree = ({ random, word }: Walk) => [
  {
    type: 'ALL',
    note: 'kept',
    rules: [
      {
        type: 'ANY',
        conditions: random
          .some(['plan', 'country', 'age'])
          .map((property) => ({ operator: 'EQUAL', property, value: word('value') })),
      },
    ],
    conditions: [{ property: 'ä "x"', operator: 'PERCENTAGE_SPLIT', value: '12.5' }],
  },
]

const tag = ({ random, word }: Walk) => ({
  label: word('Tag'),
  color: '#ff0000',
  description: random.chance(0.5) ? 'text' : null,
  isPermanent: random.chance(0.3),
})

const identifier = ({ random }: Walk) => `visitor-${random.int(12)}`

function identity(walk: Walk) {
  const found = inEnvironment(walk, walk.scene.identities)
  if (found === undefined) return null
  const { organisationId, row } = found
  const { environmentId } = row
  return { organisationId, environmentId, identity: row }
}

function trait(walk: Walk) {
  const row = walk.random.pick(walk.scene.traits)
  const owner = row && walk.scene.identities.find(({ id }) => id === row.identityId)
  if (row === undefined || owner === undefined) return null
  const { environmentId, id: identityId } = owner
  const organisationId = organisationOf(walk, projectOf(walk, environmentId))
  return { organisationId, input: { environmentId, identityId, id: row.id } }
}

export const projects: Makers<Name> = {
  'project.create': ({ random, scene, word }) => {
    const own = random.pick(scene.organisations)
    if (own === undefined || scene.projects.length > 7) return null
    const settings = { name: word('Project'), enforceFeatureOwners: random.chance(0.2) }
    return { organisationId: own.id, input: { organisationId: own.id, settings } }
  },
  'project.update': (walk) => {
    const own = project(walk)
    if (own === undefined) return null
    const settings = walk.random.chance(0.5)
      ? { name: walk.word('Project') }
      : { hideDisabledFlags: !own.hideDisabledFlags, staleFlagsLimitDays: walk.random.int(90) }
    return { organisationId: own.organisationId, input: { id: own.id, settings } }
  },
  'project.delete': (walk) => {
    const own = project(walk)
    if (own === undefined || walk.scene.projects.length < 4) return null
    return { organisationId: own.organisationId, input: { id: own.id } }
  },
  'project.import': async (walk) => {
    const own = project(walk)
    if (own === undefined || walk.scene.projects.length > 9) return null
    const rows = await readProjectRows(walk.db, own.id)
    if (rows === undefined) return null
    const file = toProjectFile(rows)
    const { organisationId } = own
    const named = { ...file, project: { ...file.project, name: walk.word('Imported') } }
    return { organisationId, input: { organisationId, file: named, dryRun: false } }
  },
  'environment.create': (walk) => {
    const own = project(walk)
    if (own === undefined || walk.scene.environments.length > 14) return null
    const settings = { name: walk.word('Environment'), hideDisabledFlags: true }
    return { organisationId: own.organisationId, input: { projectId: own.id, settings } }
  },
  'environment.clone': (walk) => {
    const found = environment(walk)
    if (found === undefined || walk.scene.environments.length > 14) return null
    const { organisationId, environmentId: id } = found
    return { organisationId, input: { id, name: walk.word('Clone') } }
  },
  'environment.update': (walk) => {
    const found = environment(walk)
    if (found === undefined) return null
    const { organisationId, row } = found
    const { random, word } = walk
    const settings = random.chance(0.3)
      ? { apiKey: word('client') }
      : { description: word('text'), hideSensitiveData: !row.hideSensitiveData }
    return { organisationId, input: { id: row.id, settings } }
  },
  'environment.delete': (walk) => {
    const found = environment(walk)
    if (found === undefined || walk.scene.environments.length < 6) return null
    const { organisationId, environmentId: id } = found
    return { organisationId, input: { id } }
  },
  'environment-key.create': (walk) => {
    const found = environment(walk)
    if (found === undefined) return null
    const { organisationId, environmentId } = found
    const { word } = walk
    const settings = { name: word('Key') }
    const input = { environmentId, hash: word('hash'), sealed: word('sealed'), settings }
    return { organisationId, input }
  },
  'environment-key.update': (walk) => {
    const found = inEnvironment(walk, walk.scene.environmentKeys)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { environmentId, id, active } = row
    const settings = { active: !active, expiresAt: walk.now }
    return { organisationId, input: { environmentId, id, settings } }
  },
  'environment-key.delete': (walk) => {
    const found = inEnvironment(walk, walk.scene.environmentKeys)
    if (found === undefined) return null
    const { row, organisationId } = found
    return { organisationId, input: { environmentId: row.environmentId, id: row.id } }
  },
  'environment-key.rotate': (walk) => {
    const found = ofEnvironment(walk)
    if (found === null) return null
    const leewayHours = walk.random.chance(0.5) ? 0 : 1.5
    return { ...found, input: { ...found.input, leewayHours } }
  },
  'environment-key.abort-rotation': ofEnvironment,
  'environment-key.complete-rotation': ofEnvironment,
  'environment-key.end-rotation': ofEnvironment,
  'tag.create': (walk) => {
    const own = project(walk)
    if (own === undefined) return null
    return {
      organisationId: own.organisationId,
      input: { projectId: own.id, settings: tag(walk) },
    }
  },
  'tag.update': (walk) => {
    const found = inProject(walk, walk.scene.tags)
    if (found === undefined) return null
    const { row, organisationId } = found
    const input = { projectId: row.projectId, id: row.id, settings: { label: walk.word('Tag') } }
    return { organisationId, input }
  },
  'tag.delete': (walk) => {
    const found = inProject(walk, walk.scene.tags)
    if (found === undefined) return null
    const { row, organisationId } = found
    return { organisationId, input: { projectId: row.projectId, id: row.id } }
  },
  'segment.create': (walk) => {
    const { random, scene } = walk
    const own = project(walk)
    if (own === undefined || scene.segments.length > 30) return null
    const { id: projectId, organisationId } = own
    const feature = random.pick(scene.features.filter((one) => one.projectId === projectId))
    const featureId = random.chance(0.3) ? (feature?.id ?? null) : null
    const settings = { name: walk.word('Segment'), description: null, rules: tree(walk) }
    return { organisationId, input: { projectId, featureId, settings } }
  },
  'segment.clone': (walk) => {
    const found = inProject(walk, walk.scene.segments)
    if (found === undefined || walk.scene.segments.length > 30) return null
    const { row, organisationId } = found
    const { projectId, id } = row
    return { organisationId, input: { projectId, id, name: walk.word('Copy') } }
  },
  'segment.update': (walk) => {
    const found = inProject(walk, walk.scene.segments)
    if (found === undefined) return null
    const { row, organisationId } = found
    const { random, scene } = walk
    const { projectId, id } = row
    const feature = random.pick(scene.features.filter((one) => one.projectId === projectId))
    const settings = random.chance(0.7)
      ? { description: walk.word('text'), rules: tree(walk) }
      : { featureId: feature?.id ?? null }
    return { organisationId, input: { projectId, id, settings } }
  },
  'segment.delete': (walk) => {
    const found = inProject(walk, walk.scene.segments)
    if (found === undefined) return null
    const { row, organisationId } = found
    return { organisationId, input: { projectId: row.projectId, id: idOf(walk, row) } }
  },
  'identity.create': (walk) => {
    const found = ofEnvironment(walk)
    return found && { ...found, input: { ...found.input, identifier: identifier(walk) } }
  },
  'identity.update': (walk) => {
    const found = identity(walk)
    if (found === null) return null
    const { organisationId, environmentId } = found
    const input = { environmentId, id: found.identity.id, identifier: identifier(walk) }
    return { organisationId, input }
  },
  'identity.delete': (walk) => {
    const found = identity(walk)
    if (found === null) return null
    const { organisationId, environmentId } = found
    return { organisationId, input: { environmentId, id: idOf(walk, found.identity) } }
  },
  'trait.create': (walk) => {
    const found = identity(walk)
    if (found === null) return null
    const { organisationId, environmentId } = found
    const key = walk.random.pick(['plan', 'age', 'city']) ?? ''
    const input = { environmentId, identityId: found.identity.id, key, value: '"gold"' }
    return { organisationId, input }
  },
  'trait.update': (walk) => {
    const found = trait(walk)
    if (found === null) return null
    return { ...found, input: { ...found.input, changes: { value: `${walk.random.int(99)}` } } }
  },
  'trait.delete': trait,
  'trait-key.delete': (walk) => {
    const found = ofEnvironment(walk)
    return found && { ...found, input: { ...found.input, key: 'city' } }
  },
}
