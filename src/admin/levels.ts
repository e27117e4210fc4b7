/** The levels of permissions, and where a thing of each stands in paths. */
import type { Level } from '../domain/permissions.ts'

export const levels: readonly Level[] = ['organisation', 'project', 'environment']

export const collectionOf = {
  organisation: '/organisations',
  project: '/projects',
  environment: '/environments',
} as const

export const pathOf = {
  organisation: '/organisations/{organisation}',
  project: '/projects/{project}',
  environment: '/environments/{environment}',
} as const
