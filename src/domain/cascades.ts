/**
 * What goes with a thing that is deleted, told one by one: the log of a cascade is as complete as that
 * of single deletions. The database deletes it all itself.
 */
import { type CascadeRows, readCascadeRows, readEndsOfLinks } from '../storage/cascade-rows.ts'
import type { Database } from '../storage/database.ts'
import type { Environment } from '../storage/environments.ts'
import type { Grant } from '../storage/grants.ts'
import type { Project } from '../storage/projects.ts'
import { readWholeFeatures } from '../storage/whole-features.ts'
import { environmentDeleted } from './environment-entry.ts'
import { type EnvironmentGround, placeOf } from './environment-ground.ts'
import { environmentKeyDeleted } from './environment-keys.ts'
import { featureDeleted } from './feature-entry.ts'
import { linkDeleted } from './feature-segments.ts'
import { stateEntry, stateSnapshot } from './feature-states.ts'
import { type Flag, findFlags, stateLog } from './flag.ts'
import { segmentDeleted } from './segment-entry.ts'
import { snapshot } from './snapshot.ts'
import { tagDeleted } from './tags.ts'
import { webhookDeleted } from './webhook-entry.ts'
import type { EntryDraft, NewDebt } from './write.ts'

const stateDeleted = (flag: Flag): EntryDraft =>
  stateEntry(flag, {
    action: 'feature-state.deleted',
    log: stateLog(flag, 'deleted'),
    before: stateSnapshot(flag),
    after: null,
  })

/** An override of a segment is one entry with the link it hangs on; other states have their own. */
export async function statesGone(
  db: Database,
  { links, states }: Pick<CascadeRows, 'links' | 'states'>,
): Promise<EntryDraft[]> {
  const flags = await findFlags(db, states)
  const overrides = new Map(flags.map((flag) => [flag.state.featureSegmentId, flag]))
  const ends = await readEndsOfLinks(db, links)
  return [
    ...links.flatMap((link) => {
      const environment = ends.environments.get(link.environmentId)
      const project = environment && ends.projects.get(environment.projectId)
      const feature = ends.features.get(link.featureId)
      const segment = ends.segments.get(link.segmentId)
      if (!environment || !project || !feature || !segment) return []
      const flag = overrides.get(link.id)
      return [linkDeleted({ project, environment, feature }, { link, segment, flag })]
    }),
    ...flags.filter((flag) => flag.target.kind !== 'segment').map(stateDeleted),
  ]
}

export const grantGone = (grant: Grant, environment?: Environment): EntryDraft => ({
  action: 'permission.removed',
  resource: { type: 'PERMISSION', id: String(grant.id), uuid: null, name: '' },
  organisationId: grant.organisationId,
  projectId: grant.projectId,
  environment: environment === undefined ? null : { id: environment.id, name: environment.name },
  log: 'Permissions removed with what they were for',
  before: snapshot(grant),
  after: null,
})

/** All below projects and environments: `environments` are those of the projects, or one alone. */
export async function belowGone(
  db: Database,
  { projects, environments }: { projects: Project[]; environments: EnvironmentGround[] },
): Promise<EntryDraft[]> {
  const rows = await readCascadeRows(db, {
    projects: projects.map(({ id }) => id),
    environments: environments.map(({ environment }) => environment.id),
  })
  const projectOf = new Map(projects.map((project) => [project.id, project]))
  const groundOf = new Map(environments.map((ground) => [ground.environment.id, ground]))
  const inProject = <R extends { projectId: number }>(
    list: R[],
    tell: (project: Project, row: R) => EntryDraft,
  ) =>
    list.flatMap((row) => {
      const project = projectOf.get(row.projectId)
      return project === undefined ? [] : [tell(project, row)]
    })
  const inEnvironment = <R extends { environmentId: number | null }>(
    list: R[],
    tell: (row: R, ground: EnvironmentGround) => EntryDraft,
  ) =>
    list.flatMap((row) => {
      const ground = groundOf.get(row.environmentId ?? 0)
      return ground === undefined ? [] : [tell(row, ground)]
    })
  const rotations = new Map(rows.keyRotations.map((one) => [one.environmentId, one]))
  const whole = await readWholeFeatures(db, rows.features)
  const carriers = Map.groupBy(
    whole.flatMap(({ feature, tags }) => tags.map((tagId) => ({ tagId, featureId: feature.id }))),
    ({ tagId }) => tagId,
  )
  return [
    ...inProject(
      environments.map(({ environment }) => environment),
      (project, environment) =>
        environmentDeleted(project, environment, rotations.get(environment.id)),
    ),
    ...whole.flatMap((one) => {
      const project = projectOf.get(one.feature.projectId)
      return project === undefined ? [] : [featureDeleted(project, one)]
    }),
    ...inProject(rows.segments, segmentDeleted),
    ...inProject(rows.tags, (project, tag) =>
      tagDeleted(
        project,
        tag,
        (carriers.get(tag.id) ?? []).map(({ featureId }) => featureId),
      ),
    ),
    ...(await statesGone(db, rows)),
    ...inEnvironment(rows.environmentKeys, environmentKeyDeleted),
    ...inEnvironment(rows.webhooks, (webhook, ground) => webhookDeleted(webhook, placeOf(ground))),
    ...rows.grants.map((grant) =>
      grantGone(grant, groundOf.get(grant.environmentId ?? 0)?.environment),
    ),
  ]
}

/** Their identities may be millions and live elsewhere: they go afterwards, by and by. */
export const identitiesGone = (environmentIds: number[]): NewDebt[] =>
  environmentIds.map((id) => ({ kind: 'forget-identities', target: String(id) }))
