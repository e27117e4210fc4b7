/** People who are invited, join and are put into groups, through the Worker's front door. */
import { exports } from 'cloudflare:workers'
import { type Answer, addMember, addUser, done, type Person, type World } from './admin.ts'

export type Invite = {
  id: number
  email: string
  role: string
  permission_groups: number[]
  hash: string
}
export type Link = { id: number; hash: string; role: string; expires_at: string | null }
export type Group = {
  id: number
  name: string
  users: { id: number; group_admin: boolean }[]
  is_default: boolean
  external_id: string | null
}

/** Below the world's organisation. */
export const pathOf = (world: World, path: string) =>
  `organisations/${world.organisation.id}/${path}`

export const inviteBy = (world: World, body: object) =>
  done(world.api<Invite>('POST', pathOf(world, 'invites/'), body))

export const linkOf = (world: World, body: object = {}) =>
  done(world.api<Link>('POST', pathOf(world, 'invite-links/'), body))

export const groupOf = (world: World, body: object = { name: 'Crew' }) =>
  done(world.api<Group>('POST', pathOf(world, 'groups/'), body))

export const readGroup = (world: World, id: number) =>
  done(world.api<Group>('GET', pathOf(world, `groups/${id}/`)))

/** An account, and whoever has it is a member of the world's organisation. */
export async function addColleague(world: World, role: 'ADMIN' | 'USER' = 'USER'): Promise<Person> {
  const person = await addUser(`${crypto.randomUUID()}@example.com`)
  await addMember(world.organisation.id, person.id, role)
  return person
}

export const addStranger = () => addUser(`${crypto.randomUUID()}@example.com`)

const randomIp = () => {
  const groups = crypto.getRandomValues(new Uint16Array(3))
  return `2001:db8:${[...groups].map((group) => group.toString(16)).join(':')}::1`
}

/** A request from a network of its own, so that tests do not use up each other's turns. */
export async function post<T = unknown>(
  path: string,
  options: { auth?: string; body?: unknown; ip?: string },
): Promise<Answer<T>> {
  const headers = new Headers({ 'CF-Connecting-IP': options.ip ?? randomIp() })
  if (options.auth !== undefined) headers.set('Authorization', options.auth)
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${path}`, {
      method: 'POST',
      headers,
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    }),
  )
  const text = await response.text()
  const body = (text === '' ? null : JSON.parse(text)) as T
  return { status: response.status, body, headers: response.headers }
}

type Organisation = { id: number; role: string; num_seats: number }

export const join = (hash: string, person: { auth: string }, ip?: string) =>
  post<Organisation>(`users/join/${hash}/`, { auth: person.auth, ...(ip && { ip }) })

export const joinByLink = (hash: string, person: { auth: string }, ip?: string) =>
  post<Organisation>(`users/join/link/${hash}/`, { auth: person.auth, ...(ip && { ip }) })

/** What the organisation's list says of a person; undefined: nobody of that id. */
export async function findMember(world: World, userId: number) {
  const members = await done(
    world.api<{ id: number; role: string }[]>('GET', pathOf(world, 'users/')),
  )
  return members.find(({ id }) => id === userId)
}
