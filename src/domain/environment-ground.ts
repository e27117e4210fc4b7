/** An environment with the project above it: where what belongs to one stands, also in the log. */
import type { Database } from '../storage/database.ts'
import { type Environment, findEnvironment } from '../storage/environments.ts'
import { findProject, type Project } from '../storage/projects.ts'

export type EnvironmentGround = { environment: Environment; project: Project }

/** Undefined when either is gone. */
export async function findEnvironmentGround(
  db: Database,
  environmentId: number,
): Promise<EnvironmentGround | undefined> {
  const environment = await findEnvironment(db, environmentId)
  const project = environment && (await findProject(db, environment.projectId))
  return environment && project && { environment, project }
}

/** What an entry says of it. */
export const placeOf = ({ environment, project }: EnvironmentGround) => ({
  organisationId: project.organisationId,
  projectId: project.id,
  environment: { id: environment.id, name: environment.name },
})
