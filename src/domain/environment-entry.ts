/** How the audit log names an environment and what it keeps of it. Pure. */
import type { Environment } from '../storage/environments.ts'
import type { KeyRotation } from '../storage/key-rotations.ts'
import type { Project } from '../storage/projects.ts'
import { snapshot } from './snapshot.ts'
import type { About, EntryDraft } from './write.ts'

export const aboutEnvironment = (
  { organisationId }: Pick<Project, 'organisationId'>,
  { id, uuid, name, projectId }: Environment,
): About => ({
  resource: { type: 'ENVIRONMENT', id: String(id), uuid, name },
  organisationId,
  projectId,
  environment: { id, name },
})

/** Without what rises with every change of a flag: an entry could only tell it wrongly. */
export const environmentSnapshot = ({ version: _, updatedAt: __, ...settings }: Environment) =>
  snapshot(settings)

/** A rotation of its key goes along. */
export const environmentDeleted = (
  project: Project,
  environment: Environment,
  rotation: KeyRotation | undefined,
): EntryDraft => ({
  ...aboutEnvironment(project, environment),
  action: 'environment.deleted',
  log: `Environment deleted: ${environment.name}`,
  before: environmentSnapshot(environment),
  after: null,
  ...(rotation && { rows: { before: { key_rotation: snapshot(rotation) }, after: null } }),
})
