/** Groups and grants put straight into the database, for tests that are not about making them. */
import { env } from 'cloudflare:workers'
import { openDatabase } from '../../src/storage/database.ts'
import { type Grant, grants } from '../../src/storage/grants.ts'
import { groupMembers, groups } from '../../src/storage/groups.ts'
import { reserveIds } from '../../src/storage/ids.ts'

export async function addGroup(organisationId: number, name: string, members: number[] = []) {
  const db = openDatabase(env.DB)
  const { group: id } = await reserveIds(db, { group: 1 })
  await db.insert(groups).values({ id, organisationId, name, createdAt: Date.now() })
  for (const userId of members) await db.insert(groupMembers).values({ groupId: id, userId })
  return { id, name }
}

export async function grant(
  given: Partial<Grant> & Pick<Grant, 'organisationId'>,
): Promise<unknown> {
  const db = openDatabase(env.DB)
  const { grant: id } = await reserveIds(db, { grant: 1 })
  return db.insert(grants).values({ permissions: [], ...given, id })
}
