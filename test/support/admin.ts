/**
 * The admin API as a test sees it: a small client, and worlds to start from. Everything goes through
 * the Worker's own front door, except people beyond the first, for whom no route exists.
 */
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { memberships, type Role } from '../../src/storage/organisations.ts'
import { wholeRecord } from '../../src/storage/records.ts'
import { tokens, users } from '../../src/storage/users.ts'

/** A page object: contract admin-api §0.4. */
export type Page<T> = { count: number; next: string | null; previous: string | null; results: T[] }

/** A time as the contract writes it. */
export const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)

/** The body of a 403 that has no more to say. */
export const forbidden = { detail: 'You do not have permission to perform this action.' }

export type Answer<T> = { status: number; body: T; headers: Headers }

/** `path` is below `/api/v1/`; `auth` is a whole Authorization header. An empty body reads as null. */
export async function api<T = unknown>(
  method: string,
  path: string,
  body?: unknown,
  auth?: string,
): Promise<Answer<T>> {
  const headers = new Headers()
  if (auth !== undefined) headers.set('Authorization', auth)
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  const parsed = (text === '' ? null : JSON.parse(text)) as T
  return { status: response.status, body: parsed, headers: response.headers }
}

/** Like `api`, for the steps that lead up to what is tested: throws unless they succeed. */
export async function done<T = unknown>(answer: Promise<Answer<T>>): Promise<T> {
  const { status, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}

export const owner = {
  email: 'owner@example.com',
  password: 'correct horse battery',
  first_name: 'Olga',
  last_name: 'Berg',
}

export type Person = { id: number; email: string; auth: string }

/** A person with a session, put straight into the database. Nobody can log in with a password. */
export async function addUser(email: string, isSuperuser = false): Promise<Person> {
  const db = openDatabase(env.DB)
  const { user: id } = await reserveIds(db, { user: 1 })
  const token = crypto.randomUUID().replaceAll('-', '')
  const now = Date.now()
  await db.insert(users).values({
    id,
    uuid: crypto.randomUUID(),
    email,
    firstName: 'Test',
    lastName: 'Person',
    passwordHash: 'none',
    isSuperuser,
    createdAt: now,
  })
  const hash = await sha256Hex(token)
  await db
    .insert(tokens)
    .values({ hash, userId: id, createdAt: now, expiresAt: now + 24 * 60 * 60 * 1000 })
  return { id, email, auth: `Token ${token}` }
}

export const addMember = (organisationId: number, userId: number, role: Role): Promise<unknown> =>
  openDatabase(env.DB)
    .insert(memberships)
    .values({ organisationId, userId, role, createdAt: Date.now() })

/** The first person registers through the API; in a database that has one already, adds another. */
async function findSuperuser(): Promise<Person> {
  const registered = await api<{ id: number; email: string; key: string }>(
    'POST',
    'auth/users/',
    owner,
  )
  if (registered.status === 403) return addUser(`${crypto.randomUUID()}@example.com`, true)
  const { id, email, key } = await done(Promise.resolve(registered))
  return { id, email, auth: `Token ${key}` }
}

export type World = {
  superuser: Person
  /** `Token …` of the superuser, who administers the organisation. */
  auth: string
  organisation: { id: number; uuid: string; name: string }
  /** `Api-Key …` of the organisation. */
  keyAuth: string
  keyPrefix: string
  /** As the superuser, unless told otherwise. */
  api: <T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    auth?: string,
  ) => Promise<Answer<T>>
}

/** An organisation of its own with an administrator and an API key: call it once per test. */
export async function createWorld(name = 'Acme'): Promise<World> {
  const superuser = await findSuperuser()
  const { auth } = superuser
  const organisation = await done(
    api<World['organisation']>('POST', 'organisations/', { name }, auth),
  )
  const path = `organisations/${organisation.id}/master-api-keys/`
  const made = await done(
    api<{ key: string; prefix: string }>('POST', path, { name: 'automation' }, auth),
  )
  return {
    superuser,
    auth,
    organisation,
    keyAuth: `Api-Key ${made.key}`,
    keyPrefix: made.prefix,
    api: (method, path, body, as = auth) => api(method, path, body, as),
  }
}

export type Place = {
  project: { id: number; name: string }
  environment: { id: number; api_key: string; name: string }
}

/** A project with one environment, in the world's organisation. */
export async function addEnvironment(world: World, name = 'Shop'): Promise<Place> {
  const project = await done(
    world.api<Place['project']>('POST', 'projects/', { name, organisation: world.organisation.id }),
  )
  const environment = await done(
    world.api<Place['environment']>('POST', 'environments/', {
      name: 'Production',
      project: project.id,
    }),
  )
  return { project, environment }
}

/** The entries of what was done, with all that they tell, as JSON, oldest first. */
export async function readRecords(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT record, personal FROM entries WHERE outcome = 'ok' ORDER BY id",
  ).all<{
    record: string
    personal: string | null
  }>()
  return results.map((row) => JSON.stringify(wholeRecord(row)))
}

/** Every row of every table as one text: what it does not contain is nowhere in the database. */
export async function dumpDatabase(): Promise<string> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  ).all<{ name: string }>()
  const tables = await Promise.all(
    results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
  )
  return JSON.stringify(tables.map((table) => table.results))
}
