/**
 * `auth/`: registering, logging in and out, one's own profile. Contract admin-api §B.1. A password
 * is hashed and compared here and goes no further; a token is answered once and kept as a hash.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { userActor } from '../auth/caller.ts'
import { newToken } from '../auth/credentials.ts'
import { formAsJson } from '../auth/form-body.ts'
import { refuseTooManyLogins } from '../auth/limit.ts'
import { hashPassword, verifyPassword } from '../auth/password.ts'
import { passwordProblems } from '../auth/password-rules.ts'
import { requireUser } from '../auth/require.ts'
import type { InputOf, ResultOf, WriteName } from '../domain/register.ts'
import { aboutApplicant, aboutSession, admit } from '../domain/users.ts'
import type { Actor } from '../domain/write.ts'
import { blankText, text, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { commit, instanceLedger } from '../ledger/client.ts'
import { invalid, invalidBody, type Outcome } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { sha256Hex } from '../storage/digest.ts'
import { reserveIds } from '../storage/ids.ts'
import { findUserByEmail, type User } from '../storage/users.ts'
import { noteDenied } from './denials.ts'
import { type AdminContext, createAdminRouter, sourceOf } from './router.ts'

/** Taken as typed, spaces included; bounded only so that nobody sends a book. */
const password = () => z.string().min(1).max(1000)

const registerBody = z.object({
  email: text(254).pipe(z.email()),
  password: password(),
  first_name: text(150),
  last_name: text(150),
  sign_up_type: z.enum(['NO_INVITE', 'INVITE_EMAIL', 'INVITE_LINK']).nullish(),
  invite_hash: blankText(200).nullish(),
})

const loginBody = z.object({ email: text(254), password: password() })

const profileBody = z.object({ first_name: text(150), last_name: text(150) }).partial()

const keySchema = z.object({ key: z.string() }).openapi('Token')

const registeredSchema = z
  .object({
    id: z.int(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    sign_up_type: z.string().nullable(),
    is_active: z.boolean(),
    marketing_consent_given: z.boolean(),
    uuid: z.string(),
    key: z.string(),
  })
  .openapi('RegisteredUser')

const meSchema = z
  .object({
    id: z.int(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    sign_up_type: z.string().nullable(),
    auth_type: z.string(),
    is_superuser: z.boolean(),
    date_joined: z.string(),
    uuid: z.string(),
    pylon_email_signature: z.string().nullable(),
    onboarding: z.null(),
  })
  .openapi('Me')

const personView = (user: User) => ({
  id: user.id,
  email: user.email,
  first_name: user.firstName,
  last_name: user.lastName,
  sign_up_type: user.signUpType,
  uuid: user.uuid,
})

const registeredView = (user: User, key: string): z.infer<typeof registeredSchema> => ({
  ...personView(user),
  is_active: true,
  marketing_consent_given: false,
  key,
})

const meView = (user: User): z.infer<typeof meSchema> => ({
  ...personView(user),
  auth_type: 'EMAIL',
  is_superuser: user.isSuperuser,
  date_joined: toTimestamp(user.createdAt),
  pylon_email_signature: null,
  onboarding: null,
})

/** People and sessions belong to no organisation: their writes pass through the instance's ledger. */
const commitAs = <N extends WriteName>(
  c: AdminContext,
  actor: Actor,
  order: { write: N; input: InputOf<N> },
): Promise<Outcome<ResultOf<N>>> =>
  commit(c.env, { ...order, ledger: instanceLedger, actor, source: sourceOf(c) })

/** One text for both: it must not tell whether the account exists. */
const badCredentials = invalidBody('Unable to log in with provided credentials.')

/** People type passwords into the wrong field: what is no address is not kept. */
const addressIn = (typed: string): string => (z.email().safeParse(typed).success ? typed : '')

/** Nobody has proven to be this person: the id only says whose account it was about. */
const claimant = (email: string, user?: User): Actor => ({
  kind: 'user',
  id: user === undefined ? null : String(user.id),
  credential: null,
  name: email,
})

export const authRoutes = createAdminRouter()

/**
 * Open while the instance has no user; the first one becomes superuser. Afterwards 403 without a valid
 * invite, which is `invite_hash` and its kind in `sign_up_type`: a closed door does not tell whose
 * address is known. The hash is needed for both kinds, because no address is proven here (the original
 * takes the address alone for INVITE_EMAIL). Registering joins no organisation: `users/join/` does.
 */
authRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/auth/users',
    middleware: [formAsJson] as const,
    request: { body: jsonBody(registerBody) },
    responses: answers({ 201: registeredSchema }),
  }),
  async (c) => {
    const {
      password: plain,
      sign_up_type: type,
      invite_hash: invite,
      ...body
    } = c.req.valid('json')
    const db = openDatabase(c.env.DB)
    const person = camelKeys(body)
    const { email } = person
    const signUpType = type ?? null
    const inviteHash = invite ? await sha256Hex(invite) : null
    if (inviteHash !== null) {
      const { ip } = sourceOf(c)
      const throttled = await refuseTooManyLogins(c.env.LOGIN_LIMIT, { ip, email })
      if (throttled !== undefined) return refuse(c, throttled)
    }
    // Spares the hashing; whether it is still open is decided by the write, in its turn.
    const admitted = await admit(db, Date.now(), { type: signUpType, hash: inviteHash, email })
    if (admitted.kind === 'forbidden' && inviteHash !== null) {
      const about = aboutApplicant(email)
      const log = 'Registration refused'
      noteDenied(c, claimant(email), { action: 'user.denied', about, log })
    }
    if (admitted.kind !== 'ok') return refuse(c, admitted)
    const problems = passwordProblems(plain, person)
    if (problems.length > 0) return refuse(c, invalid({ password: problems }))
    const [{ user: id }, passwordHash, { token, hash }] = await Promise.all([
      reserveIds(db, { user: 1 }),
      hashPassword(plain),
      newToken(),
    ])
    const outcome = await commitAs(c, userActor({ id, email }, hash), {
      write: 'user.create',
      input: { ...person, id, passwordHash, tokenHash: hash, signUpType, inviteHash },
    })
    return outcome.kind === 'ok'
      ? c.json(registeredView(outcome.value, token), 201)
      : refuse(c, outcome)
  },
)

/** Each login mints a token of its own, good for 30 days. 429 after too many from one place. */
authRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/auth/login',
    middleware: [formAsJson] as const,
    request: { body: jsonBody(loginBody) },
    responses: answers({ 200: keySchema }),
  }),
  async (c) => {
    const { email, password: plain } = c.req.valid('json')
    const { ip } = sourceOf(c)
    const throttled = await refuseTooManyLogins(c.env.LOGIN_LIMIT, { ip, email })
    if (throttled !== undefined) return refuse(c, throttled)
    const user = await findUserByEmail(openDatabase(c.env.DB), email)
    const right = await verifyPassword(plain, user?.passwordHash)
    if (user === undefined || !right) {
      const address = addressIn(email)
      const about = aboutSession({ email: address })
      noteDenied(c, claimant(address, user), {
        action: 'session.denied',
        about,
        log: 'Login failed',
      })
      return refuse(c, badCredentials)
    }
    const { token, hash } = await newToken()
    const outcome = await commitAs(c, userActor(user, hash), {
      write: 'session.create',
      input: { userId: user.id, tokenHash: hash },
    })
    return outcome.kind === 'ok' ? c.json({ key: token }, 200) : refuse(c, outcome)
  },
)

/** Two names for one thing: the token that the request carries stops being good. */
for (const [method, path] of [
  ['post', '/auth/logout'],
  ['delete', '/auth/token'],
] as const) {
  authRoutes.openapi(
    createRoute({
      method,
      path,
      middleware: [requireUser] as const,
      responses: answers({ 204: null }),
    }),
    async (c) => {
      const outcome = await commitAs(c, userActor(c.var.user, c.var.tokenHash), {
        write: 'session.delete',
        input: { tokenHash: c.var.tokenHash },
      })
      return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
    },
  )
}

authRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/auth/users/me',
    middleware: [requireUser] as const,
    responses: answers({ 200: meSchema }),
  }),
  (c) => c.json(meView(c.var.user), 200),
)

/** First and last name; the e-mail address is not changeable here. */
for (const method of ['put', 'patch'] as const) {
  authRoutes.openapi(
    createRoute({
      method,
      path: '/auth/users/me',
      middleware: [requireUser, formAsJson] as const,
      request: { body: jsonBody(profileBody) },
      responses: answers({ 200: meSchema }),
    }),
    async (c) => {
      const outcome = await commitAs(c, userActor(c.var.user, c.var.tokenHash), {
        write: 'user.update',
        input: { id: c.var.user.id, settings: camelKeys(c.req.valid('json')) },
      })
      return outcome.kind === 'ok' ? c.json(meView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}
