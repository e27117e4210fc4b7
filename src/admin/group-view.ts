/** Groups and their people as JSON: contract admin-api §B.2. */
import { z } from '@hono/zod-openapi'
import type { Database } from '../storage/database.ts'
import { type Group, listPeopleOfGroups, type PersonInGroup } from '../storage/groups.ts'
import { personFields, personView } from './person-view.ts'

export const groupSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    users: z.array(
      z.object({
        ...personFields,
        group_admin: z.boolean(),
      }),
    ),
    is_default: z.boolean(),
    external_id: z.string().nullable(),
  })
  .openapi('Group')

/** What anybody in the organisation may know of a group. */
export const groupNameSchema = z.object({ id: z.int(), name: z.string() }).openapi('GroupName')

export const groupNameView = ({ id, name }: Group): z.infer<typeof groupNameSchema> => ({
  id,
  name,
})

const groupView = (group: Group, people: PersonInGroup[]): z.infer<typeof groupSchema> => ({
  ...groupNameView(group),
  users: people.map(({ user, isAdmin }) => ({
    ...personView(user),
    group_admin: isAdmin,
  })),
  is_default: group.isDefault,
  external_id: group.externalId,
})

/** One query for the people of all of them. */
export async function showGroups(
  db: Database,
  shown: Group[],
): Promise<z.infer<typeof groupSchema>[]> {
  const people = await listPeopleOfGroups(
    db,
    shown.map(({ id }) => id),
  )
  const byGroup = Map.groupBy(people, ({ groupId }) => groupId)
  return shown.map((group) => groupView(group, byGroup.get(group.id) ?? []))
}

export async function showGroup(db: Database, group: Group): Promise<z.infer<typeof groupSchema>> {
  return groupView(group, await listPeopleOfGroups(db, [group.id]))
}
