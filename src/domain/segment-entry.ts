/** How the audit log names a segment and tells that it is gone. Pure. */
import type { Project } from '../storage/projects.ts'
import type { Segment } from '../storage/segments.ts'
import { snapshot } from './snapshot.ts'
import type { About, EntryDraft } from './write.ts'

export const aboutSegment = (project: Project, { id, uuid, name }: Segment): About => ({
  resource: { type: 'SEGMENT', id: String(id), uuid, name },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

export const segmentDeleted = (project: Project, segment: Segment): EntryDraft => ({
  ...aboutSegment(project, segment),
  action: 'segment.deleted',
  log: `Segment deleted: ${segment.name}`,
  before: snapshot(segment),
  after: null,
})
