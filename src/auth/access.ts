/**
 * A thing and what the caller is to it, in one round trip; nothing is remembered between requests.
 * A thing that the caller may not see is unknown. Guards (require.ts) and routes that name a thing in
 * their query or body share it.
 */
import { aboutEnvironment } from '../domain/environment-entry.ts'
import { aboutOrganisation } from '../domain/organisations.ts'
import {
  type EnvironmentPermission,
  judge,
  type Level,
  may,
  type OrganisationPermission,
  type Permission,
  type ProjectPermission,
  type Standing,
  standingOfMember,
} from '../domain/permissions.ts'
import { aboutProject } from '../domain/projects.ts'
import type { About } from '../domain/write.ts'
import type { Base } from '../http/router.ts'
import { forbidden, notFound, type Outcome, ok, unauthenticated } from '../outcome.ts'
import { readOrganisationAccess, readProjectAccess, readReach } from '../storage/access.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import type { Environment } from '../storage/environments.ts'
import type { Grant } from '../storage/grants.ts'
import { findOrganisation, type Organisation } from '../storage/organisations.ts'
import { findProject, listProjectsWithin, type Project } from '../storage/projects.ts'
import type { Caller, CallerVariables } from './caller.ts'
import { note } from './judged.ts'

export type Asked = { env: Base['Bindings']; var: CallerVariables }

/** A key administers the organisation that it belongs to. */
const standingOfKey = (
  caller: Caller & { kind: 'organisation-key' },
  organisationId: number | undefined,
): Standing => (caller.key.organisationId === organisationId ? 'admin' : 'stranger')

async function readOrganisation(
  db: Database,
  caller: Caller,
  id: number,
): Promise<{ organisation: Organisation | undefined; standing: Standing }> {
  if (caller.kind === 'user') {
    const { organisation, role, grants } = await readOrganisationAccess(db, id, caller.user.id)
    return { organisation, standing: standingOfMember(role, grants) }
  }
  const organisation = await findOrganisation(db, id)
  return {
    organisation,
    standing: caller.kind === 'anonymous' ? 'stranger' : standingOfKey(caller, organisation?.id),
  }
}

/** With the grants at all of its environments: whoever asks about one place narrows them. */
async function readProject(
  db: Database,
  caller: Caller,
  id: number,
): Promise<{ project: Project | undefined; standing: Standing }> {
  if (caller.kind === 'user') {
    const { project, role, grants } = await readProjectAccess(db, id, caller.user.id)
    return { project, standing: standingOfMember(role, grants) }
  }
  const project = await findProject(db, id)
  return {
    project,
    standing:
      caller.kind === 'anonymous' ? 'stranger' : standingOfKey(caller, project?.organisationId),
  }
}

/** Without what is granted at other environments than this one; null: at any. */
const narrowed = (standing: Standing, environmentId: number | null): Standing =>
  standing === 'admin' || standing === 'stranger'
    ? standing
    : {
        grants: standing.grants.filter(
          (grant) => grant.environmentId === null || grant.environmentId === environmentId,
        ),
      }

type Question = { at: Level; about: About; permission: Permission }

function judged<T>(
  c: Asked,
  found: T & { standing: Standing },
  { at, about, permission }: Question,
): Outcome<T & { standing: Standing }> {
  const verdict = judge(found.standing, at, permission)
  note(c, about, verdict === 'granted' ? undefined : permission)
  switch (verdict) {
    case 'granted':
      return ok(found)
    case 'forbidden':
      return forbidden()
    case 'invisible':
      return notFound()
  }
}

const instance: About = {
  resource: { type: 'INSTANCE', id: null, uuid: null, name: 'instance' },
  organisationId: null,
  projectId: null,
  environment: null,
}

/** For superusers: what belongs to no organisation. */
export function accessToInstance(c: Asked): Outcome<null> {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  const isSuperuser = caller.kind === 'user' && caller.user.isSuperuser
  note(c, instance, isSuperuser ? undefined : 'SUPERUSER')
  return isSuperuser ? ok(null) : forbidden()
}

/** Unknown, foreign and not allowed look alike: 403 (contract §B.2). */
export async function accessToOrganisation(
  c: Asked,
  id: number,
  permission: OrganisationPermission,
): Promise<Outcome<{ organisation: Organisation; standing: Standing }>> {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  const { organisation, standing } = await readOrganisation(openDatabase(c.env.DB), caller, id)
  if (organisation === undefined) return forbidden()
  const isAllowed = may(standing, permission)
  note(c, aboutOrganisation(organisation), isAllowed ? undefined : permission)
  return isAllowed ? ok({ organisation, standing }) : forbidden()
}

export async function accessToProject(
  c: Asked,
  id: number,
  permission: ProjectPermission,
): Promise<Outcome<{ project: Project; standing: Standing }>> {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  const { project, standing } = await readProject(openDatabase(c.env.DB), caller, id)
  if (project === undefined) return notFound()
  const found = { project, standing: narrowed(standing, null) }
  return judged(c, found, { at: 'project', about: aboutProject(project), permission })
}

/** The permission may be one of the project: the environment must be visible all the same. */
export async function accessToEnvironment(
  c: Asked,
  environment: Environment | undefined,
  permission: EnvironmentPermission | ProjectPermission,
): Promise<Outcome<{ environment: Environment; project: Project; standing: Standing }>> {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  if (environment === undefined) return notFound()
  const db = openDatabase(c.env.DB)
  const { project, standing } = await readProject(db, caller, environment.projectId)
  if (project === undefined) return notFound()
  const found = { environment, project, standing: narrowed(standing, environment.id) }
  const about = aboutEnvironment(project, environment)
  return judged(c, found, { at: 'environment', about, permission })
}

/** A project that the caller holds a permission in; unknown and foreign look alike: undefined. */
export async function projectWith(
  c: Asked,
  id: number,
  permission: ProjectPermission,
): Promise<Project | undefined> {
  const access = await accessToProject(c, id, permission)
  return access.kind === 'ok' ? access.value.project : undefined
}

/** The environments of a project at which a permission is held; `all`: at the project itself. */
function placesOf(standing: Standing, permission: EnvironmentPermission): 'all' | number[] {
  if (may(narrowed(standing, null), permission)) return 'all'
  const held = standing === 'admin' || standing === 'stranger' ? [] : standing.grants
  const ids = new Set(held.flatMap(({ environmentId }) => environmentId ?? []))
  return [...ids].filter(
    (id) => judge(narrowed(standing, id), 'environment', permission) === 'granted',
  )
}

/**
 * The project, and those of its environments that the caller holds a permission in; `all` when no
 * grant at a single one matters. Undefined when neither the project nor any of them is visible.
 */
export async function environmentsWith(
  c: Asked,
  projectId: number,
  permission: EnvironmentPermission,
): Promise<{ project: Project; environments: 'all' | number[] } | undefined> {
  const { project, standing } = await readProject(openDatabase(c.env.DB), c.var.caller, projectId)
  if (project === undefined) return undefined
  const environments = placesOf(standing, permission)
  const isVisible =
    environments === 'all' ||
    environments.length > 0 ||
    may(narrowed(standing, null), 'VIEW_PROJECT')
  note(c, aboutProject(project), isVisible ? undefined : permission)
  return isVisible ? { project, environments } : undefined
}

/**
 * The projects that the caller holds a permission in, everywhere or in one organisation. Two round
 * trips, however many there are.
 */
export async function projectsWith(
  db: Database,
  caller: Caller,
  at: { permission: ProjectPermission; organisationId?: number | undefined },
): Promise<Project[]> {
  const isAsked = (id: number) => (at.organisationId ?? id) === id
  switch (caller.kind) {
    case 'anonymous':
      return []
    case 'organisation-key': {
      const own = [caller.key.organisationId].filter(isAsked)
      return listProjectsWithin(db, { organisationIds: own, projectIds: [] })
    }
    case 'user': {
      const { memberships, grants } = await readReach(db, caller.user.id)
      const asked = memberships.filter(({ organisationId }) => isAsked(organisationId))
      const within = (role: 'ADMIN' | 'USER') =>
        asked.filter((one) => one.role === role).map((one) => one.organisationId)
      return listProjectsWithin(db, {
        organisationIds: within('ADMIN'),
        projectIds: projectIdsOf(grants, new Set(within('USER')), at.permission),
      })
    }
  }
}

/** Grants of people who left an organisation would not count, were there any. */
function projectIdsOf(
  grants: Grant[],
  organisationIds: Set<number>,
  permission: ProjectPermission,
): number[] {
  const counted = grants.filter(({ organisationId }) => organisationIds.has(organisationId))
  const byProject = Map.groupBy(counted, (grant) => grant.projectId)
  return [...byProject].flatMap(([id, own]) =>
    id !== null && judge({ grants: own }, 'project', permission) === 'granted' ? [id] : [],
  )
}
