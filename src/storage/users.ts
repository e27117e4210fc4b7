/** People and their session tokens. Passwords arrive hashed, tokens as SHA-256: nothing here is secret. */
import { and, eq, gt, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Database, isOneOf } from './database.ts'

/** How a person came: on their own, by an invite for their address, or by a link. */
export type SignUpType = 'NO_INVITE' | 'INVITE_EMAIL' | 'INVITE_LINK'

export const users = sqliteTable('users', {
  id: integer().primaryKey(),
  uuid: text().notNull(),
  email: text().notNull(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
  /** PHC string with the scrypt parameters. */
  passwordHash: text('password_hash').notNull(),
  isSuperuser: integer('is_superuser', { mode: 'boolean' }).notNull().default(false),
  createdAt: integer('created_at').notNull(),
  lastLoginAt: integer('last_login_at'),
  /** As it was said at registration; null: nothing was. */
  signUpType: text('sign_up_type').$type<SignUpType>(),
})

export const tokens = sqliteTable('tokens', {
  hash: text().primaryKey(),
  userId: integer('user_id').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
})

export type User = typeof users.$inferSelect
export type Token = typeof tokens.$inferSelect

export const findUser = async (db: Database, id: number): Promise<User | undefined> =>
  (await db.select().from(users).where(eq(users.id, id)).limit(1))[0]

/** E-mail addresses compare without regard to case. */
export const findUserByEmail = async (db: Database, email: string): Promise<User | undefined> =>
  (await db.select().from(users).where(sql`${users.email} = ${email} COLLATE NOCASE`).limit(1))[0]

export const hasUsers = async (db: Database): Promise<boolean> =>
  (await db.select({ id: users.id }).from(users).limit(1)).length > 0

/** The user a live token belongs to; the token itself is unknown here, only its hash. */
export const findUserByToken = async (
  db: Database,
  hash: string,
  now: number,
): Promise<User | undefined> =>
  (
    await db
      .select({ user: users })
      .from(tokens)
      .innerJoin(users, eq(users.id, tokens.userId))
      .where(and(eq(tokens.hash, hash), gt(tokens.expiresAt, now)))
      .limit(1)
  )[0]?.user

export const listUsers = (db: Database, ids: number[]): Promise<User[]> =>
  db.select().from(users).where(isOneOf(users.id, ids))

export const findToken = async (db: Database, hash: string): Promise<Token | undefined> =>
  (await db.select().from(tokens).where(eq(tokens.hash, hash)).limit(1))[0]
