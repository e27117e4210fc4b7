/**
 * Guards: what a caller must hold for a route. Each loads the thing that the path names, so that a
 * handler only ever sees what its caller may see. A thing that is invisible answers as if unknown.
 */
import { createMiddleware } from 'hono/factory'
import { may, type Permission, type Standing } from '../domain/permissions.ts'
import { pathId } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import type { Base } from '../http/router.ts'
import { forbidden, invalid, notFound, unauthenticated } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { type Environment, findEnvironmentByKey } from '../storage/environments.ts'
import {
  findOrganisation,
  findRole,
  listMemberships,
  type Organisation,
  type Role,
} from '../storage/organisations.ts'
import { findProject, type Project } from '../storage/projects.ts'
import type { User } from '../storage/users.ts'
import type { Caller, CallerVariables } from './caller.ts'

type With<V> = { Bindings: Base['Bindings']; Variables: Base['Variables'] & CallerVariables & V }

const standingIn = (role: Role): Standing => (role === 'ADMIN' ? 'admin' : 'member')

/** What the caller is to an organisation. */
export async function standingOf(
  db: Database,
  caller: Caller,
  organisationId: number,
): Promise<Standing> {
  switch (caller.kind) {
    case 'anonymous':
      return 'stranger'
    case 'organisation-key':
      return caller.key.organisationId === organisationId ? 'admin' : 'stranger'
    case 'user': {
      const role = await findRole(db, organisationId, caller.user.id)
      return role === undefined ? 'stranger' : standingIn(role)
    }
  }
}

/** The organisations in which the caller holds a permission. */
export async function organisationsWith(
  db: Database,
  caller: Caller,
  permission: Permission,
): Promise<number[]> {
  switch (caller.kind) {
    case 'anonymous':
      return []
    case 'organisation-key':
      return [caller.key.organisationId]
    case 'user':
      return (await listMemberships(db, caller.user.id))
        .filter((membership) => may(standingIn(membership.role), permission))
        .map((membership) => membership.organisationId)
  }
}

type Asked = { env: Base['Bindings']; var: CallerVariables }

/** A project that the caller holds a permission in; unknown and foreign look alike: undefined. */
export async function projectWith(
  c: Asked,
  id: number,
  permission: Permission,
): Promise<Project | undefined> {
  const db = openDatabase(c.env.DB)
  const project = await findProject(db, id)
  const standing = project && (await standingOf(db, c.var.caller, project.organisationId))
  return standing !== undefined && may(standing, permission) ? project : undefined
}

/** Any credential that is good. */
export const requireCaller = createMiddleware<With<object>>(async (c, next) => {
  const { caller } = c.var
  if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
  return await next()
})

/** A person: organisation keys are refused. */
export const requireUser = createMiddleware<With<{ user: User; tokenHash: string }>>(
  async (c, next) => {
    const { caller } = c.var
    if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
    if (caller.kind !== 'user') return refuse(c, forbidden())
    c.set('user', caller.user)
    c.set('tokenHash', caller.tokenHash)
    return await next()
  },
)

/** `:organisation` in the path. Not a number: 400; unknown or foreign: 403 (contract §B.2). */
export const requireOrganisation = (permission: Permission) =>
  createMiddleware<With<{ organisation: Organisation }>>(async (c, next) => {
    const { caller } = c.var
    if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
    const text = c.req.param('organisation') ?? ''
    if (!/^\d+$/.test(text)) return refuse(c, invalid({ id: ['A valid integer is required.'] }))
    const db = openDatabase(c.env.DB)
    const organisation = await findOrganisation(db, Number(text))
    if (organisation === undefined) return refuse(c, forbidden())
    const standing = await standingOf(db, caller, organisation.id)
    if (!may(standing, permission)) return refuse(c, forbidden())
    c.set('organisation', organisation)
    return await next()
  })

/** `:project` in the path. */
export const requireProject = (permission: Permission) =>
  createMiddleware<With<{ project: Project }>>(async (c, next) => {
    const { caller } = c.var
    if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
    const db = openDatabase(c.env.DB)
    const project = await findProject(db, pathId(c.req.param('project')))
    const standing = project && (await standingOf(db, caller, project.organisationId))
    if (project === undefined || standing === 'stranger') return refuse(c, notFound())
    if (!may(standing ?? 'stranger', permission)) return refuse(c, forbidden())
    c.set('project', project)
    return await next()
  })

/** `:environment` in the path: the client-side key. */
export const requireEnvironment = (permission: Permission) =>
  createMiddleware<With<{ environment: Environment; project: Project }>>(async (c, next) => {
    const { caller } = c.var
    if (caller.kind === 'anonymous') return refuse(c, unauthenticated(caller.detail))
    const db = openDatabase(c.env.DB)
    const environment = await findEnvironmentByKey(db, c.req.param('environment') ?? '')
    const project = environment && (await findProject(db, environment.projectId))
    const standing = project && (await standingOf(db, caller, project.organisationId))
    if (environment === undefined || project === undefined || standing === 'stranger') {
      return refuse(c, notFound())
    }
    if (!may(standing ?? 'stranger', permission)) return refuse(c, forbidden())
    c.set('environment', environment)
    c.set('project', project)
    return await next()
  })
