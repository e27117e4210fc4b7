/** The rules of tags. Two tags of a project may have the same label: the contract names no rule. */
import { eq } from 'drizzle-orm'
import { notFound, type Outcome, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { listFeatureIdsOfTag } from '../storage/feature-tags.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { findTag, type Tag, tags } from '../storage/tags.ts'
import { changed, snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type TagSettings = Pick<Tag, 'label' | 'color' | 'description' | 'isPermanent'>

const entryOf = (project: Project, { id, uuid, label }: Tag): About => ({
  resource: { type: 'TAG', id: String(id), uuid, name: label },
  organisationId: project.organisationId,
  projectId: project.id,
  environment: null,
})

async function findOwn(
  db: Database,
  { projectId, id }: { projectId: number; id: number },
): Promise<Outcome<{ tag: Tag; project: Project }>> {
  const [tag, project] = await Promise.all([findTag(db, id), findProject(db, projectId)])
  return tag?.projectId === projectId && project !== undefined ? ok({ tag, project }) : notFound()
}

export const createTag: Write<{ projectId: number; settings: TagSettings }, Tag> = async (
  { db, now, reserve },
  { projectId, settings },
) => {
  const project = await findProject(db, projectId)
  if (project === undefined) return notFound()
  const { tag: id } = await reserve({ tag: 1 })
  const tag: Tag = { ...settings, id, uuid: crypto.randomUUID(), projectId, createdAt: now }
  return ok({
    result: tag,
    statements: [db.insert(tags).values(tag)],
    entries: [
      {
        ...entryOf(project, tag),
        action: 'tag.created',
        log: `New Tag created: ${tag.label}`,
        before: null,
        after: snapshot(tag),
      },
    ],
    publish: [],
    events: [],
  })
}

export const updateTag: Write<
  { projectId: number; id: number; settings: Partial<TagSettings> },
  Tag
> = async ({ db }, { settings, ...place }) => {
  const found = await findOwn(db, place)
  if (found.kind !== 'ok') return found
  const { tag: before, project } = found.value
  const after: Tag = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [db.update(tags).set(after).where(eq(tags.id, after.id))],
    entries: [
      {
        ...entryOf(project, after),
        action: 'tag.updated',
        log: `Tag updated: ${after.label}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: [],
    events: [],
  })
}

/** `features`: those that carried it. */
export const tagDeleted = (project: Project, tag: Tag, features: number[]): EntryDraft => ({
  ...entryOf(project, tag),
  action: 'tag.deleted',
  log: `Tag deleted: ${tag.label}`,
  before: { ...snapshot(tag), features },
  after: null,
})

/** Takes the tag off every feature. */
export const deleteTag: Write<{ projectId: number; id: number }, null> = async ({ db }, place) => {
  const found = await findOwn(db, place)
  if (found.kind !== 'ok') return found
  const { tag, project } = found.value
  const features = await listFeatureIdsOfTag(db, tag.id)
  return ok({
    result: null,
    statements: [db.delete(tags).where(eq(tags.id, tag.id))],
    entries: [tagDeleted(project, tag, features)],
    features,
    publish: [],
    events: [],
  })
}
