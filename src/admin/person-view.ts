/** A person as answers name one: whoever is in a list sees no more of an account. */
import { z } from '@hono/zod-openapi'
import { toTimestamp } from '../http/fields.ts'
import type { User } from '../storage/users.ts'

export const personFields = {
  id: z.int(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  last_login: z.string().nullable(),
}

type Named = Pick<User, 'id' | 'email' | 'firstName' | 'lastName' | 'lastLoginAt'>

export const personView = ({ id, email, firstName, lastName, lastLoginAt }: Named) => ({
  id,
  email,
  first_name: firstName,
  last_name: lastName,
  last_login: lastLoginAt === null ? null : toTimestamp(lastLoginAt),
})
