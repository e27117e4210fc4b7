/** The rules of projects. A new project has no environment until one is created. */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { insertRows } from '../storage/database.ts'
import { type Environment, listEnvironmentsOfProject } from '../storage/environments.ts'
import { grants } from '../storage/grants.ts'
import { findOrganisation } from '../storage/organisations.ts'
import { findProject, findProjectByName, type Project, projects } from '../storage/projects.ts'
import { belowGone, identitiesGone } from './cascades.ts'
import { refusePattern } from './feature-name.ts'
import { planCreatorGrant } from './grants.ts'
import { changed, snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type ProjectSettings = {
  name: string
  hideDisabledFlags: boolean
  preventFlagDefaults: boolean
  enableRealtimeUpdates: boolean
  onlyAllowLowerCaseFeatureNames: boolean
  featureNameRegex: string | null
  staleFlagsLimitDays: number
  enforceFeatureOwners: boolean
  maxFeaturesAllowed: number
  maxSegmentsAllowed: number
  maxSegmentOverridesAllowed: number
  maxSegmentConditionsAllowed: number
  maxFeatureValueBytes: number
}

export const nameTaken = invalid({ name: ['A project with this name already exists.'] })

export const aboutProject = (project: Project): About => ({
  resource: { type: 'PROJECT', id: String(project.id), uuid: project.uuid, name: project.name },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

export const createProject: Write<
  { organisationId: number; settings: Pick<ProjectSettings, 'name'> & Partial<ProjectSettings> },
  Project
> = async (context, { organisationId, settings }) => {
  const { db, now, reserve } = context
  const badPattern = refusePattern(settings.featureNameRegex ?? null)
  if (badPattern !== undefined) return badPattern
  // The organisation may have been deleted in an earlier turn than this one.
  if ((await findOrganisation(db, organisationId)) === undefined) return notFound()
  if (await findProjectByName(db, organisationId, settings.name)) return nameTaken
  const { project: id } = await reserve({ project: 1 })
  const project: Project = {
    hideDisabledFlags: false,
    preventFlagDefaults: false,
    enableRealtimeUpdates: false,
    onlyAllowLowerCaseFeatureNames: true,
    featureNameRegex: null,
    staleFlagsLimitDays: 30,
    enforceFeatureOwners: false,
    maxFeaturesAllowed: 1000,
    maxSegmentsAllowed: 500,
    maxSegmentOverridesAllowed: 2000,
    maxSegmentConditionsAllowed: 100,
    maxFeatureValueBytes: 20000,
    ...settings,
    id,
    uuid: crypto.randomUUID(),
    organisationId,
    createdAt: now,
  }
  const place = { organisationId, projectId: id, environmentId: null }
  const own = await planCreatorGrant(context, place)
  return ok({
    result: project,
    statements: [db.insert(projects).values(project), ...insertRows(db, grants, own)],
    entries: [
      {
        ...aboutProject(project),
        action: 'project.created',
        log: `New Project created: ${project.name}`,
        before: null,
        after: { ...snapshot(project), grants: own.map(snapshot) },
      },
    ],
    publish: [],
    events: [],
  })
}

export const updateProject: Write<
  { id: number; settings: Partial<ProjectSettings> },
  Project
> = async ({ db }, { id, settings }) => {
  const before = await findProject(db, id)
  if (before === undefined) return notFound()
  const after: Project = { ...before, ...settings }
  const badPattern = refusePattern(after.featureNameRegex)
  if (badPattern !== undefined) return badPattern
  const taken = await findProjectByName(db, before.organisationId, after.name)
  if (taken !== undefined && taken.id !== id) return nameTaken
  if (!changed(before, after)) return ok(nothingToDo(after))
  const environments = await listEnvironmentsOfProject(db, id)
  return ok({
    result: after,
    statements: [db.update(projects).set(settings).where(eq(projects.id, id))],
    entries: [
      {
        ...aboutProject(after),
        action: 'project.updated',
        log: `Project updated: ${after.name}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: environments.map((environment) => environment.id),
    events: [],
  })
}

/** The projects with all below them, told one by one. */
export async function projectsGone(
  db: Database,
  projects: Project[],
  environments: Environment[],
): Promise<EntryDraft[]> {
  const byId = new Map(projects.map((project) => [project.id, project]))
  return [
    ...projects.map((project) => ({
      ...aboutProject(project),
      action: 'project.deleted',
      log: `Project deleted: ${project.name}`,
      before: snapshot(project),
      after: null,
    })),
    ...(await belowGone(db, {
      projects,
      environments: environments.flatMap((environment) => {
        const project = byId.get(environment.projectId)
        return project === undefined ? [] : [{ project, environment }]
      }),
    })),
  ]
}

export const deleteProject: Write<{ id: number }, null> = async ({ db }, { id }) => {
  const project = await findProject(db, id)
  if (project === undefined) return notFound()
  const environments = await listEnvironmentsOfProject(db, id)
  return ok({
    result: null,
    statements: [db.delete(projects).where(eq(projects.id, id))],
    entries: await projectsGone(db, [project], environments),
    // Publishing reads the present truth: the environments are gone, so their documents go too.
    publish: environments.map((environment) => environment.id),
    events: [],
    debts: identitiesGone(environments.map((environment) => environment.id)),
  })
}
