/** Grants as sent and as answered, at their three levels: contract admin-api §B.0. */
import { z } from '@hono/zod-openapi'
import { type Level, permissionsAt } from '../domain/permissions.ts'
import { bool, id } from '../http/fields.ts'
import type { Grant, HeldGrant, HolderKind } from '../storage/grants.ts'
import { personFields, personView } from './person-view.ts'

/** Each unknown name is told; a list says more than the place in it where it stood. */
const keysOf = (level: Level) => {
  const known: readonly string[] = permissionsAt[level]
  return z.array(z.string()).superRefine((keys, context) => {
    for (const key of keys.filter((one) => !known.includes(one))) {
      context.addIssue({ code: 'custom', message: `"${key}" is not a valid choice.` })
    }
  })
}

/** Only the role says who administers an organisation: there is no such flag. */
const settingsOf = (level: Level) =>
  z.object({
    permissions: keysOf(level).optional(),
    ...(level === 'organisation' ? {} : { admin: bool().optional() }),
  })

/** The holder by its id; required to create a grant, and then for good. */
export const grantBody = (level: Level, kind: HolderKind, isNew: boolean) =>
  settingsOf(level).extend({ [kind]: isNew ? id() : id().optional() })

type GrantBody = { user?: number; group?: number; admin?: boolean; permissions?: string[] }

export const readGrantBody = (body: object, kind: HolderKind) => {
  const { permissions, admin, [kind]: holderId } = body as GrantBody
  return {
    holderId,
    settings: { ...(permissions && { permissions }), ...(admin !== undefined && { admin }) },
  }
}

const userSchema = z.object(personFields)

const groupSchema = z.object({ id: z.int(), name: z.string() })

const common = (level: Level) => ({
  id: z.int(),
  permissions: z.array(z.string()),
  ...(level === 'organisation' ? {} : { admin: z.boolean() }),
})

/** As read: the holder as an object. */
export const heldGrantSchema = (level: Level, kind: HolderKind) =>
  z.object({ ...common(level), [kind]: kind === 'user' ? userSchema : groupSchema })

/** As written: the holder by its id. */
export const grantSchema = (level: Level, kind: HolderKind) =>
  z.object({ ...common(level), [kind]: z.int() })

const commonView = ({ id: grantId, permissions, admin, projectId }: Grant) => ({
  id: grantId,
  permissions,
  ...(projectId === null ? {} : { admin }),
})

export const grantView = (grant: Grant) =>
  grant.groupId === null
    ? { ...commonView(grant), user: grant.userId }
    : { ...commonView(grant), group: grant.groupId }

export const heldGrantView = ({ grant, user, group }: HeldGrant) => ({
  ...commonView(grant),
  ...(user && { user: personView(user) }),
  ...(group && { group: { id: group.id, name: group.name } }),
})
