/** Which tags a feature may carry, and how a sent set of them becomes rows. */
import { eq } from 'drizzle-orm'
import { type Outcome, ok } from '../outcome.ts'
import { type Database, insertRows, type Statement } from '../storage/database.ts'
import { featureTags } from '../storage/feature-tags.ts'
import { listTagIds } from '../storage/tags.ts'
import { refuseUnknown } from './unknown-ids.ts'

/** The sent ids, each once and rising; a tag of another project is as unknown as none. */
export async function checkTags(
  db: Database,
  projectId: number,
  sent: number[],
): Promise<Outcome<number[]>> {
  if (sent.length === 0) return ok([])
  const known = await listTagIds(db, projectId, sent)
  return refuseUnknown('tags', sent, known) ?? ok(known.sort((a, b) => a - b))
}

export const insertTags = (db: Database, featureId: number, tags: number[]): Statement[] =>
  insertRows(
    db,
    featureTags,
    tags.map((tagId) => ({ featureId, tagId })),
  )

export const replaceTags = (db: Database, featureId: number, tags: number[]): Statement[] => [
  db.delete(featureTags).where(eq(featureTags.featureId, featureId)),
  ...insertTags(db, featureId, tags),
]
