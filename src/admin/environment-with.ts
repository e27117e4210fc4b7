/** An environment that a request names by its id, in the query or in the body. It judges no more. */
import { projectWith } from '../auth/require.ts'
import type { Permission } from '../domain/permissions.ts'
import { openDatabase } from '../storage/database.ts'
import { type Environment, findEnvironment } from '../storage/environments.ts'
import type { Project } from '../storage/projects.ts'

type Asked = Parameters<typeof projectWith>[0]

/** Undefined for one that is unknown, and for one in which the caller may not do it: they look alike. */
export async function environmentWith(
  c: Asked,
  id: number,
  permission: Permission,
): Promise<{ environment: Environment; project: Project } | undefined> {
  const environment = await findEnvironment(openDatabase(c.env.DB), id)
  const project = environment && (await projectWith(c, environment.projectId, permission))
  return environment && project && { environment, project }
}
