/**
 * Guards: what a caller must hold for a route. Each loads the thing that the path names, so that a
 * handler only ever sees what its caller may see. A thing that is invisible answers as if unknown.
 */
import { createMiddleware } from 'hono/factory'
import {
  administering,
  type EnvironmentPermission,
  type Level,
  type OrganisationPermission,
  type ProjectPermission,
  type Standing,
  viewing,
} from '../domain/permissions.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import type { Base } from '../http/router.ts'
import { invalid, type Outcome, ok, unauthenticated } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { type Environment, findEnvironmentByKey } from '../storage/environments.ts'
import type { GrantPlace } from '../storage/grants.ts'
import type { Organisation } from '../storage/organisations.ts'
import type { Project } from '../storage/projects.ts'
import type { User } from '../storage/users.ts'
import { type Asked, accessToEnvironment, accessToOrganisation, accessToProject } from './access.ts'
import type { CallerVariables } from './caller.ts'
import { lacking } from './judged.ts'

type With<V> = { Bindings: Base['Bindings']; Variables: Base['Variables'] & CallerVariables & V }

/** Any credential that is good. */
export const requireCaller = createMiddleware<With<object>>(async (c, next) => {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
  return await next()
})

/** A person: organisation keys are refused. Stands behind the guard of the thing, which then is known. */
export const requireUser = createMiddleware<With<{ user: User; tokenHash: string }>>(
  async (c, next) => {
    const { caller } = c.var
    if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
    if (caller.kind !== 'user') return refuse(c, lacking(c, 'USER'))
    c.set('user', caller.user)
    c.set('tokenHash', caller.tokenHash)
    return await next()
  },
)

type InPath = Asked & { req: { param: (name: string) => string | undefined } }

export async function organisationInPath(
  c: InPath,
  permission: OrganisationPermission,
): ReturnType<typeof accessToOrganisation> {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  const text = c.req.param('organisation') ?? ''
  if (!/^\d+$/.test(text)) return invalid({ id: ['A valid integer is required.'] })
  return accessToOrganisation(c, Number(text), permission)
}

const projectInPath = (c: InPath, permission: ProjectPermission) =>
  accessToProject(c, pathId(c.req.param('project')), permission)

async function environmentInPath(c: InPath, permission: EnvironmentPermission | ProjectPermission) {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return unauthenticated(caller.detail)
  const key = c.req.param('environment') ?? ''
  const environment = await findEnvironmentByKey(openDatabase(c.env.DB), key)
  return accessToEnvironment(c, environment, permission)
}

/** `:organisation` in the path. Not a number: 400; unknown or foreign: 403 (contract §B.2). */
export const requireOrganisation = (permission: OrganisationPermission) =>
  createMiddleware<With<{ organisation: Organisation; standing: Standing }>>(async (c, next) => {
    const access = await organisationInPath(c, permission)
    if (access.kind !== 'ok') return refuse(c, access)
    c.set('organisation', access.value.organisation)
    c.set('standing', access.value.standing)
    return await next()
  })

/** `:project` in the path. Without VIEW_PROJECT it is unknown, whatever else is granted in it. */
export const requireProject = (permission: ProjectPermission) =>
  createMiddleware<With<{ project: Project; standing: Standing }>>(async (c, next) => {
    const access = await projectInPath(c, permission)
    if (access.kind !== 'ok') return refuse(c, access)
    c.set('project', access.value.project)
    c.set('standing', access.value.standing)
    return await next()
  })

/** `:environment` in the path: the client-side key. Without VIEW_ENVIRONMENT it is unknown. */
export const requireEnvironment = (permission: EnvironmentPermission | ProjectPermission) =>
  createMiddleware<With<{ environment: Environment; project: Project; standing: Standing }>>(
    async (c, next) => {
      const access = await environmentInPath(c, permission)
      if (access.kind !== 'ok') return refuse(c, access)
      c.set('environment', access.value.environment)
      c.set('project', access.value.project)
      c.set('standing', access.value.standing)
      return await next()
    },
  )

const needs = { see: viewing, administer: administering } as const

type PlaceInPath = { place: GrantPlace; standing: Standing }

/** The thing in the path as a place where grants stand, whatever its level. */
async function placeInPath(
  c: InPath,
  level: Level,
  need: keyof typeof needs,
): Promise<Outcome<PlaceInPath>> {
  if (level === 'organisation') {
    const access = await organisationInPath(c, needs[need].organisation)
    if (access.kind !== 'ok') return access
    const { organisation, standing } = access.value
    const place = { organisationId: organisation.id, projectId: null, environmentId: null }
    return ok({ place, standing })
  }
  if (level === 'project') {
    const access = await projectInPath(c, needs[need].project)
    if (access.kind !== 'ok') return access
    const { project, standing } = access.value
    const { id: projectId, organisationId } = project
    return ok({ place: { organisationId, projectId, environmentId: null }, standing })
  }
  const access = await environmentInPath(c, needs[need].environment)
  if (access.kind !== 'ok') return access
  const { environment, project, standing } = access.value
  const { id: projectId, organisationId } = project
  return ok({ place: { organisationId, projectId, environmentId: environment.id }, standing })
}

/** For routes that are alike at every level: the thing in the path, to be seen or administered. */
export const requirePlace = (level: Level, need: keyof typeof needs) =>
  createMiddleware<With<PlaceInPath>>(async (c, next) => {
    const access = await placeInPath(c, level, need)
    if (access.kind !== 'ok') return refuse(c, access)
    c.set('place', access.value.place)
    c.set('standing', access.value.standing)
    return await next()
  })
