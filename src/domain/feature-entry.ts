/** How the audit log names a feature and what it keeps of it. Pure. */
import type { Feature } from '../storage/features.ts'
import type { Project } from '../storage/projects.ts'
import type { WholeFeature } from '../storage/whole-features.ts'
import { snapshot } from './snapshot.ts'
import type { About, EntryDraft, JsonObject } from './write.ts'

export const aboutFeature = (project: Project, { id, uuid, name }: Feature): About => ({
  resource: { type: 'FEATURE', id: String(id), uuid, name },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

const idsOf = (rows: { id: number }[]) => rows.map((row) => row.id)

/** Without what rises with every change: an entry could only tell it wrongly. */
export const featureSnapshot = ({
  feature: { version: _, ...feature },
  options,
  tags,
  owners,
  groupOwners,
}: WholeFeature): JsonObject => ({
  ...snapshot(feature),
  multivariate_options: options.map((option) => snapshot(option)),
  tags,
  owners: idsOf(owners),
  group_owners: idsOf(groupOwners),
})

export const featureDeleted = (project: Project, whole: WholeFeature): EntryDraft => ({
  ...aboutFeature(project, whole.feature),
  action: 'feature.deleted',
  log: `Flag / Remote Config Deleted: ${whole.feature.name}`,
  before: featureSnapshot(whole),
  after: null,
})

export const featureUpdated = (
  project: Project,
  before: WholeFeature,
  after: WholeFeature,
): EntryDraft => ({
  ...aboutFeature(project, after.feature),
  action: 'feature.updated',
  log: `Flag / Remote Config updated: ${after.feature.name}`,
  before: featureSnapshot(before),
  after: featureSnapshot(after),
})
