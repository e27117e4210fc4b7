/**
 * The rules of accounts and their sessions. Passwords and tokens arrive here as hashes only; whether
 * a password is right was decided before, in the request that carried it.
 */
import { and, eq, lte } from 'drizzle-orm'
import { forbidden, invalid, notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { findInviteLinkByHash } from '../storage/invite-links.ts'
import { findInviteByHash } from '../storage/invites.ts'
import {
  findToken,
  findUser,
  findUserByEmail,
  hasUsers,
  type SignUpType,
  tokens,
  type User,
  users,
} from '../storage/users.ts'
import { emailMismatch, hasExpired, inviteExpired, isFor } from './joining.ts'
import { changed, snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

/** How long a session token is good. Logging in again mints another one. */
export const sessionMs = 30 * 24 * 60 * 60 * 1000

const registrationClosed = forbidden(
  'Registration is closed: this instance has its first user. Log in, or ask an administrator for an invite.',
)

const nowhere = { organisationId: null, projectId: null, environment: null }

const entryOf = (user: User): About => ({
  ...nowhere,
  resource: { type: 'USER', id: String(user.id), uuid: user.uuid, name: user.email },
})

/** Somebody who wanted to become a user. */
export const aboutApplicant = (email: string): About => ({
  ...nowhere,
  resource: { type: 'USER', id: null, uuid: null, name: email },
})

/** A session has no public id: its hash names it, and that stays out of the log. */
export const aboutSession = (user: Pick<User, 'email'>): About => ({
  ...nowhere,
  resource: { type: 'SESSION', id: null, uuid: null, name: user.email },
})

const openSession = (user: User, hash: string, now: number) => {
  const token = { hash, userId: user.id, createdAt: now, expiresAt: now + sessionMs }
  const entry: EntryDraft = {
    ...aboutSession(user),
    action: 'session.created',
    log: `User logged in: ${user.email}`,
    before: null,
    after: snapshot(token),
  }
  return { token, entry }
}

/** What opens the door when there are users already: the hash of an invite, and its kind. */
export type Invitation = { type: SignUpType | null; hash: string | null; email: string }

async function refuseInvitation(
  db: Database,
  now: number,
  { type, hash, email }: Invitation,
): Promise<Refusal | undefined> {
  if (hash === null) return registrationClosed
  switch (type) {
    case 'INVITE_EMAIL': {
      const invite = await findInviteByHash(db, hash)
      if (invite === undefined) return registrationClosed
      return isFor(invite, email) ? undefined : forbidden(emailMismatch)
    }
    case 'INVITE_LINK': {
      const link = await findInviteLinkByHash(db, hash)
      if (link === undefined) return registrationClosed
      return hasExpired(link, now) ? forbidden(inviteExpired) : undefined
    }
    default:
      return registrationClosed
  }
}

/**
 * Who may register: anybody while there is no user, and then only who is invited. Only they learn
 * whether an address is taken.
 */
export async function admit(
  db: Database,
  now: number,
  invitation: Invitation,
): Promise<Outcome<{ isFirst: boolean }>> {
  if (!(await hasUsers(db))) return ok({ isFirst: true })
  const refusal = await refuseInvitation(db, now, invitation)
  if (refusal !== undefined) return refusal
  return (await findUserByEmail(db, invitation.email)) === undefined
    ? ok({ isFirst: false })
    : invalid({ email: ['Email already exists. Please log in.'] })
}

/**
 * A user with a first session; the first of an instance is its superuser. The id is reserved by the
 * caller, so that the entry's actor is the new user. Of two first users that come at once the second
 * finds the door shut. Joining the organisation of the invite is a step of its own.
 */
export const createUser: Write<
  {
    id: number
    email: string
    firstName: string
    lastName: string
    passwordHash: string
    tokenHash: string
    signUpType: SignUpType | null
    inviteHash: string | null
  },
  User
> = async ({ db, now }, { tokenHash, inviteHash, ...person }) => {
  const { signUpType: type, email } = person
  const admitted = await admit(db, now, { type, hash: inviteHash, email })
  if (admitted.kind !== 'ok') return admitted
  const user: User = {
    ...person,
    uuid: crypto.randomUUID(),
    isSuperuser: admitted.value.isFirst,
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
        ...aboutSession(user),
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
