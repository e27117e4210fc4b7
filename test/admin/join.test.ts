import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { addUser, createWorld, done, readRecords } from '../support/admin.ts'
import {
  addColleague,
  addStranger,
  findMember,
  groupOf,
  inviteBy,
  join,
  joinByLink,
  linkOf,
  pathOf,
  post,
  readGroup,
} from '../support/people.ts'

const lastRecords = async (count: number) =>
  (await readRecords()).slice(-count).map((record) => JSON.parse(record))

const mismatch = {
  status: 400,
  body: { detail: 'Registered email does not match invited email' },
}

describe('joining by an invite', () => {
  it('gives its role and groups once, in whatever case the address is written', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const person = await addUser('Grace@Example.com')
    const invite = { email: 'gRACE@example.COM', role: 'ADMIN', permission_groups: [group.id] }
    const { hash, id } = await inviteBy(world, invite)
    const joined = await join(hash, person)
    expect(joined).toMatchObject({
      status: 200,
      body: { ...world.organisation, role: 'ADMIN', num_seats: 2 },
    })
    expect((await readGroup(world, group.id)).users).toMatchObject([
      { id: person.id, group_admin: false },
    ])
    expect(await lastRecords(2)).toMatchObject([
      {
        action: 'membership.created',
        actor: { kind: 'user', id: String(person.id) },
        resource: { type: 'MEMBERSHIP', id: String(person.id), name: person.email },
        after: { role: 'ADMIN', groups: [{ group_id: group.id }] },
      },
      { action: 'invite.accepted', resource: { type: 'INVITE', id: String(id) }, after: null },
    ])
    expect((await join(hash, person)).status).toBe(404)
    expect((await world.api('GET', pathOf(world, 'invites/'))).body).toMatchObject({ count: 0 })
  })

  it('is for the invited address and no other, and says so', async () => {
    const world = await createWorld()
    const [person, thief] = [await addStranger(), await addStranger()]
    const { hash } = await inviteBy(world, { email: person.email, role: 'ADMIN' })
    const before = await readRecords()
    expect(await join(hash, thief)).toMatchObject(mismatch)
    expect(await findMember(world, thief.id)).toBeUndefined()
    expect(await readRecords()).toEqual(before)
    expect((await join(hash, person)).status).toBe(200)
  })

  it('does not promote who is in already, by the invite or by a link', async () => {
    const world = await createWorld()
    const person = await addStranger()
    const { hash } = await inviteBy(world, { email: person.email, role: 'ADMIN' })
    const user = await linkOf(world)
    expect((await joinByLink(user.hash, person)).body).toMatchObject({ role: 'USER' })
    const admin = await linkOf(world, { role: 'ADMIN' })
    const before = await readRecords()
    expect(await joinByLink(admin.hash, person)).toMatchObject({
      status: 200,
      body: { role: 'USER' },
    })
    expect(await readRecords()).toEqual(before)
    expect(await join(hash, person)).toMatchObject({ status: 200, body: { role: 'USER' } })
    expect(await findMember(world, person.id)).toMatchObject({ role: 'USER' })
  })

  it('by a link gives nothing of an invite that waits for the same address', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const person = await addStranger()
    await inviteBy(world, { email: person.email, role: 'ADMIN', permission_groups: [group.id] })
    const { hash } = await linkOf(world)
    expect((await joinByLink(hash, person)).body).toMatchObject({ role: 'USER' })
    expect((await readGroup(world, group.id)).users).toEqual([])
  })

  it('happens once, however often it is sent at the same time', async () => {
    const world = await createWorld()
    const person = await addStranger()
    const { hash } = await linkOf(world)
    const answers = await Promise.all([1, 2, 3].map(() => joinByLink(hash, person)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const joined = (await readRecords()).filter((record) => {
      const { action, resource } = JSON.parse(record)
      return action === 'membership.created' && resource.id === String(person.id)
    })
    expect(joined).toHaveLength(1)
  })

  it('takes no hash for the other kind, no key, and nothing that was stored', async () => {
    const world = await createWorld()
    const person = await addStranger()
    const [invite, link] = [await inviteBy(world, { email: person.email }), await linkOf(world)]
    const stored = await Promise.all([invite.hash, link.hash].map(sha256Hex))
    for (const hash of [link.hash, 'x', 'link', ...stored]) {
      expect((await join(hash, person)).status).toBe(404)
    }
    expect((await joinByLink(invite.hash, person)).status).toBe(404)
    for (const path of [`users/join/${invite.hash}/`, `users/join/link/${link.hash}/`]) {
      expect((await post(path, { auth: world.keyAuth })).status).toBe(403)
      expect((await post(path, {})).status).toBe(401)
    }
  })

  it('gives a deleted group’s place to nobody', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const person = await addStranger()
    const { hash } = await inviteBy(world, { email: person.email, permission_groups: [group.id] })
    await done(world.api('DELETE', pathOf(world, `groups/${group.id}/`)))
    expect((await join(hash, person)).status).toBe(200)
    expect(await findMember(world, person.id)).toMatchObject({ role: 'USER' })
  })
})

describe('guessing at invites', () => {
  const until429 = async (attempt: () => Promise<{ status: number; headers: Headers }>) => {
    const answers = [await attempt()]
    // Windows are fixed: a new one may begin in between, so up to twice as many may pass.
    while (answers.at(-1)?.status !== 429 && answers.length <= 21) answers.push(await attempt())
    return answers
  }

  it('is slowed down for a person, wherever they come from', async () => {
    const person = await addStranger()
    const answers = await until429(() => join('guess', person))
    expect(answers.at(-1)?.status).toBe(429)
    expect(answers.length).toBeGreaterThan(10)
    expect(answers.at(-1)?.headers.get('Retry-After')).toBe('60')
    expect((await joinByLink('guess', person)).status).toBe(429)
  })

  it('is slowed down for a network, whoever asks', async () => {
    const answers = await until429(async () => join('guess', await addStranger(), '192.0.2.44'))
    expect(answers.at(-1)?.status).toBe(429)
    expect((await joinByLink('guess', await addStranger(), '192.0.2.45')).status).toBe(404)
  })
})

it('a colleague who joined sees what a member sees', async () => {
  const world = await createWorld()
  const person = await addStranger()
  const { hash } = await linkOf(world)
  expect((await world.api('GET', pathOf(world, 'users/'), undefined, person.auth)).status).toBe(403)
  await joinByLink(hash, person)
  const colleague = await addColleague(world)
  const seen = await world.api<{ id: number }[]>(
    'GET',
    pathOf(world, 'users/'),
    undefined,
    person.auth,
  )
  expect(seen.body.map(({ id }) => id)).toContain(colleague.id)
  expect((await world.api('GET', pathOf(world, ''), undefined, person.auth)).status).toBe(403)
})
