/** People, groups and what they are granted, for tests of who may do what. */
import { env } from 'cloudflare:workers'
import { openDatabase } from '../../src/storage/database.ts'
import { groupMembers, groups } from '../../src/storage/groups.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { addMember, addUser, done, type Person, type World } from './admin.ts'

/** A member of the world's organisation with a session and no grants. */
export async function addPlainMember(world: World, name: string): Promise<Person> {
  const person = await addUser(`${name}-${crypto.randomUUID()}@example.com`)
  await addMember(world.organisation.id, person.id, 'USER')
  return person
}

/** A group with these people, straight into the database. */
export async function addGroup(world: World, name: string, people: Person[]): Promise<number> {
  const db = openDatabase(env.DB)
  const { group: id } = await reserveIds(db, { group: 1 })
  const organisationId = world.organisation.id
  await db.insert(groups).values({ id, organisationId, name, createdAt: 1 })
  for (const { id: userId } of people) await db.insert(groupMembers).values({ groupId: id, userId })
  return id
}

export type GrantBody = {
  id: number
  permissions: string[]
  admin?: boolean
  user?: unknown
  group?: unknown
}

/** As the world's administrator; `at` is a path like `projects/7`. */
export const give = (
  world: World,
  at: string,
  grant: { user?: number; group?: number; permissions?: string[]; admin?: boolean },
): Promise<GrantBody> => {
  const list = grant.group === undefined ? 'user-permissions' : 'user-group-permissions'
  return done(world.api<GrantBody>('POST', `${at}/${list}/`, grant))
}

export type Own = { permissions: string[]; admin: boolean; tag_based_permissions: unknown[] }
