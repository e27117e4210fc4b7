/** Groups and grants: put straight into the database, or given by the world's administrator. */
import { env } from 'cloudflare:workers'
import { openDatabase } from '../../src/storage/database.ts'
import { type Grant, grants } from '../../src/storage/grants.ts'
import { groupMembers, groups } from '../../src/storage/groups.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { done, type Person, type Place, type World } from './admin.ts'
import { addColleague } from './people.ts'

export async function addGroup(world: World, name: string, people: { id: number }[] = []) {
  const db = openDatabase(env.DB)
  const { group: id } = await reserveIds(db, { group: 1 })
  const organisationId = world.organisation.id
  await db.insert(groups).values({ id, organisationId, name, createdAt: Date.now() })
  for (const { id: userId } of people) await db.insert(groupMembers).values({ groupId: id, userId })
  return { id, name }
}

/** For tests that are not about how grants are made. */
export async function grant(
  given: Partial<Grant> & Pick<Grant, 'organisationId'>,
): Promise<unknown> {
  const db = openDatabase(env.DB)
  const { grant: id } = await reserveIds(db, { grant: 1 })
  return db.insert(grants).values({ permissions: [], ...given, id })
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

/** A member who may see an environment and its project, and do nothing in them. */
export async function addViewer(world: World, { project, environment }: Place): Promise<Person> {
  const person = await addColleague(world)
  const to = { user: person.id }
  await give(world, `projects/${project.id}`, { ...to, permissions: ['VIEW_PROJECT'] })
  const at = `environments/${environment.api_key}`
  await give(world, at, { ...to, permissions: ['VIEW_ENVIRONMENT'] })
  return person
}

export type Own = { permissions: string[]; admin: boolean; tag_based_permissions: unknown[] }
