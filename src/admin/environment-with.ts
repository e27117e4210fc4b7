/** An environment that a request names by its id, in the query or in the body. It judges no more. */
import { type Asked, accessToEnvironment } from '../auth/access.ts'
import type { EnvironmentPermission, ProjectPermission } from '../domain/permissions.ts'
import type { Outcome } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { type Environment, findEnvironment } from '../storage/environments.ts'
import type { Project } from '../storage/projects.ts'

type Place = { environment: Environment; project: Project }

/** Unknown to who may not see it; forbidden to who sees it and may not do it. */
export async function accessById(
  c: Asked,
  id: number,
  permission: EnvironmentPermission | ProjectPermission,
): Promise<Outcome<Place>> {
  return accessToEnvironment(c, await findEnvironment(openDatabase(c.env.DB), id), permission)
}

/** Undefined for one that is unknown, and for one in which the caller may not do it: they look alike. */
export async function environmentWith(
  ...asked: Parameters<typeof accessById>
): Promise<Place | undefined> {
  const access = await accessById(...asked)
  return access.kind === 'ok' ? access.value : undefined
}
