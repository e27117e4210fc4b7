/**
 * The rules of accounts and their sessions. Passwords and tokens arrive here as hashes only; whether
 * a password is right was decided before, in the request that carried it.
 */
import { and, eq, lte } from 'drizzle-orm'
import { forbidden, notFound, ok } from '../outcome.ts'
import { findToken, findUser, hasUsers, tokens, type User, users } from '../storage/users.ts'
import { changed, snapshot } from './snapshot.ts'
import type { EntryDraft, Write } from './write.ts'
import { nothingToDo } from './write.ts'

/** How long a session token is good. Logging in again mints another one. */
export const sessionMs = 30 * 24 * 60 * 60 * 1000

export const registrationClosed = forbidden(
  'Registration is closed: this instance has its first user. Log in with that account, or ask its owner for access.',
)

type EntryPart = Omit<EntryDraft, 'action' | 'log' | 'before' | 'after'>

const nowhere = { organisationId: null, projectId: null, environment: null }

const entryOf = (user: User): EntryPart => ({
  ...nowhere,
  resource: { type: 'USER', id: String(user.id), uuid: user.uuid, name: user.email },
})

/** A session has no public id: its hash names it, and that stays out of the log. */
const sessionEntryOf = (user: User): EntryPart => ({
  ...nowhere,
  resource: { type: 'SESSION', id: null, uuid: null, name: user.email },
})

const openSession = (user: User, hash: string, now: number) => {
  const token = { hash, userId: user.id, createdAt: now, expiresAt: now + sessionMs }
  const entry: EntryDraft = {
    ...sessionEntryOf(user),
    action: 'session.created',
    log: `User logged in: ${user.email}`,
    before: null,
    after: snapshot(token),
  }
  return { token, entry }
}

/**
 * The first user of an instance, a superuser, with a first session. The id is reserved by the caller,
 * so that the entry's actor is the new user. Of two that come at once the second finds the door shut.
 */
export const createUser: Write<
  {
    id: number
    email: string
    firstName: string
    lastName: string
    passwordHash: string
    tokenHash: string
  },
  User
> = async ({ db, now }, { tokenHash, ...person }) => {
  if (await hasUsers(db)) return registrationClosed
  const user: User = {
    ...person,
    uuid: crypto.randomUUID(),
    isSuperuser: true,
    createdAt: now,
    lastLoginAt: now,
  }
  const session = openSession(user, tokenHash, now)
  return ok({
    result: user,
    statements: [db.insert(users).values(user), db.insert(tokens).values(session.token)],
    entries: [
      {
        ...entryOf(user),
        action: 'user.created',
        log: `New User created: ${user.email}`,
        before: null,
        after: snapshot(user),
      },
      session.entry,
    ],
    publish: [],
    events: [],
  })
}

export const updateUser: Write<
  { id: number; settings: { firstName?: string; lastName?: string } },
  User
> = async ({ db }, { id, settings }) => {
  const before = await findUser(db, id)
  if (before === undefined) return notFound()
  const after: User = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [db.update(users).set(settings).where(eq(users.id, id))],
    entries: [
      {
        ...entryOf(after),
        action: 'user.updated',
        log: `User updated: ${after.email}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: [],
    events: [],
  })
}

/** A login whose password was right. Sessions of the same user that have expired are swept along. */
export const createSession: Write<{ userId: number; tokenHash: string }, null> = async (
  { db, now },
  { userId, tokenHash },
) => {
  const user = await findUser(db, userId)
  if (user === undefined) return notFound()
  const session = openSession(user, tokenHash, now)
  return ok({
    result: null,
    statements: [
      db.delete(tokens).where(and(eq(tokens.userId, userId), lte(tokens.expiresAt, now))),
      db.insert(tokens).values(session.token),
      db.update(users).set({ lastLoginAt: now }).where(eq(users.id, userId)),
    ],
    entries: [session.entry],
    publish: [],
    events: [],
  })
}

export const deleteSession: Write<{ tokenHash: string }, null> = async ({ db }, { tokenHash }) => {
  const token = await findToken(db, tokenHash)
  const user = token && (await findUser(db, token.userId))
  // Gone already: a logout that is sent twice ends the same way.
  if (token === undefined || user === undefined) return ok(nothingToDo(null))
  return ok({
    result: null,
    statements: [db.delete(tokens).where(eq(tokens.hash, tokenHash))],
    entries: [
      {
        ...sessionEntryOf(user),
        action: 'session.deleted',
        log: `User logged out: ${user.email}`,
        before: snapshot(token),
        after: null,
      },
    ],
    publish: [],
    events: [],
  })
}
