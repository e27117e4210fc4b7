import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { createWorld, done, dumpDatabase, readRecords, type World } from '../support/admin.ts'
import {
  addColleague,
  addStranger,
  groupOf,
  type Invite,
  inviteBy,
  join,
  pathOf,
} from '../support/people.ts'

type Page = { count: number; next: string | null; results: Invite[] }

const exists = (email: string) => ({ email: [`Invite for email ${email} already exists`] })

const listOf = (world: World, query = '') =>
  done(world.api<Page>('GET', `${pathOf(world, 'invites/')}${query}`))

describe('an invite', () => {
  it('is made with its role and groups, and shows what opens it in that answer only', async () => {
    const world = await createWorld()
    const group = await groupOf(world)
    const body = {
      email: 'New@Example.com',
      role: 'ADMIN',
      permission_groups: [group.id, group.id],
    }
    const { status, body: made } = await world.api<Invite>('POST', pathOf(world, 'invites/'), body)
    expect(status).toBe(201)
    expect(made).toEqual({
      id: expect.any(Number),
      email: 'New@Example.com',
      date_created: expect.stringMatching(/\.\d{6}Z$/),
      invited_by: {
        id: world.superuser.id,
        email: world.superuser.email,
        first_name: expect.any(String),
        last_name: expect.any(String),
      },
      role: 'ADMIN',
      permission_groups: [group.id],
      hash: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
    })
    const { hash, ...shown } = made
    expect((await listOf(world)).results).toEqual([shown])
    const one = pathOf(world, `invites/${made.id}/`)
    expect(await world.api('GET', one)).toMatchObject({ status: 200, body: shown })
    expect(JSON.stringify((await world.api('GET', one)).body)).not.toContain(hash)
    expect(await world.api('DELETE', one)).toMatchObject({ status: 204, body: null })
    expect((await world.api('GET', one)).status).toBe(404)
    expect((await world.api('DELETE', one)).status).toBe(404)
  })

  it('is for a plain member unless it says otherwise, also when a key makes it', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invites/')
    const made = await world.api('POST', path, { email: 'a@example.com' }, world.keyAuth)
    expect(made).toMatchObject({
      status: 201,
      body: { role: 'USER', permission_groups: [], invited_by: null },
    })
  })

  it('is listed in pages of ten, or of page_size', async () => {
    const world = await createWorld()
    const emails = Array.from({ length: 11 }, (_, index) => `person${index}@example.com`)
    await done(world.api('POST', pathOf(world, 'invite/'), { emails }))
    const first = await listOf(world)
    expect([first.count, first.results.length]).toEqual([11, 10])
    expect((await listOf(world, '?page=2')).results).toHaveLength(1)
    expect((await listOf(world, '?page_size=999')).results).toHaveLength(11)
  })

  it('is one for a person, whatever the case, and none for a member', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invites/')
    await inviteBy(world, { email: 'ada@example.com' })
    const again = await world.api('POST', path, { email: 'ADA@example.com' })
    expect(again).toMatchObject({ status: 400, body: exists('ada@example.com') })
    const colleague = await addColleague(world)
    const member = await world.api('POST', path, { email: colleague.email.toUpperCase() })
    expect(member).toMatchObject({
      status: 400,
      body: { email: [`${colleague.email} is already a member of this organisation`] },
    })
    const other = await createWorld('Other')
    await inviteBy(other, { email: 'ada@example.com' })
    expect((await listOf(world)).count).toBe(1)
  })

  it('takes no foreign group, unknown role or bad address', async () => {
    const [world, other] = [await createWorld(), await createWorld('Other')]
    const [own, foreign] = [await groupOf(world), await groupOf(other)]
    const email = 'b@example.com'
    const before = await readRecords()
    for (const [body, errors] of [
      [{}, { email: ['This field is required.'] }],
      [{ email: 'nobody' }, { email: ['Enter a valid email address.'] }],
      [{ email, role: 'OWNER' }, { role: ['"OWNER" is not a valid choice.'] }],
      [{ email, role: null }, { role: [expect.any(String)] }],
      ...[foreign.id, 2147483647].map((id) => [
        { email, permission_groups: [own.id, id] },
        { permission_groups: [`Invalid pk "${id}" - object does not exist.`] },
      ]),
    ] as [object, object][]) {
      for (const [path, sent] of [
        ['invites/', body],
        ['invite/', { invites: [body] }],
      ] as const) {
        const answer = await other.api('POST', pathOf(world, path), sent, world.keyAuth)
        // The many-form nests what the schema finds; what only the write knows stands at the top.
        const nested = (answer.body as { invites?: object[] }).invites?.[0] ?? answer.body
        expect([answer.status, nested]).toEqual([400, errors])
      }
    }
    expect(await readRecords()).toEqual(before)
  })
})

describe('several invites at once', () => {
  it('come in both forms, each with its own hash', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invite/')
    const many = await world.api<Invite[]>('POST', path, {
      invites: [{ email: 'a@example.com', role: 'ADMIN' }, { email: 'b@example.com' }],
    })
    expect(many.status).toBe(201)
    expect(many.body.map(({ email, role }) => [email, role])).toEqual([
      ['a@example.com', 'ADMIN'],
      ['b@example.com', 'USER'],
    ])
    const legacy = await world.api<Invite[]>('POST', path, { emails: ['c@example.com'] })
    expect(legacy).toMatchObject({ status: 201, body: [{ email: 'c@example.com', role: 'USER' }] })
    const hashes = [...many.body, ...legacy.body].map(({ hash }) => hash)
    expect(new Set(hashes).size).toBe(3)
    expect((await world.api('POST', path, {})).body).toEqual({
      invites: ['This field is required.'],
    })
  })

  it('are made all or not at all', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invite/')
    const twice = { emails: ['d@example.com', 'D@example.com'] }
    expect(await world.api('POST', path, twice)).toMatchObject({
      status: 400,
      body: exists('D@example.com'),
    })
    await inviteBy(world, { email: 'e@example.com' })
    const invites = [{ email: 'd@example.com' }, { email: 'E@example.com' }]
    expect((await world.api('POST', path, { invites })).status).toBe(400)
    expect((await listOf(world)).results.map(({ email }) => email)).toEqual(['e@example.com'])
  })
})

describe('what opens an invite', () => {
  it('is stored as a hash that neither answers nor entries show', async () => {
    const world = await createWorld()
    const { hash, id } = await inviteBy(world, { email: 'f@example.com' })
    const again = await world.api<Invite>('POST', pathOf(world, `invites/${id}/resend/`))
    const dump = await dumpDatabase()
    expect(dump).not.toContain(hash)
    expect(dump).not.toContain(again.body.hash)
    const stored = await sha256Hex(again.body.hash)
    expect(dump).toContain(stored)
    expect((await readRecords()).join()).not.toContain(stored)
    expect(JSON.stringify(await listOf(world))).not.toContain(stored)
  })

  it('is made anew by resend/, and the old one opens nothing from then on', async () => {
    const world = await createWorld()
    const person = await addStranger()
    const { hash, ...made } = await inviteBy(world, { email: person.email })
    const again = await world.api<Invite>('POST', pathOf(world, `invites/${made.id}/resend/`))
    expect(again).toMatchObject({ status: 200, body: made })
    expect(again.body.hash).not.toBe(hash)
    expect(JSON.parse((await readRecords()).at(-1) ?? '')).toMatchObject({
      action: 'invite.renewed',
      resource: { type: 'INVITE', id: String(made.id), name: person.email },
    })
    expect((await join(hash, person)).status).toBe(404)
    expect((await join(again.body.hash, person)).status).toBe(200)
    const gone = await world.api('POST', pathOf(world, `invites/${made.id}/resend/`))
    expect(gone.status).toBe(404)
  })
})

it('making invites is slowed down: ten a minute, then 429 with Retry-After', async () => {
  const world = await createWorld()
  const statuses: number[] = []
  // Windows are fixed: a new one may begin in between, so up to twice as many may pass.
  while (statuses.at(-1) !== 429 && statuses.length <= 21) {
    const email = `person${statuses.length}@example.com`
    const answer = await world.api('POST', pathOf(world, 'invites/'), { email })
    statuses.push(answer.status)
    if (answer.status === 429) expect(answer.headers.get('Retry-After')).toBe('60')
  }
  expect(statuses.at(-1)).toBe(429)
  expect(statuses.length).toBeGreaterThan(10)
  const id = (await listOf(world)).results[0]?.id
  const made = (await listOf(world)).count
  for (const [path, body] of [
    ['invite/', { emails: ['x@example.com'] }],
    [`invites/${id}/resend/`, undefined],
    ['invite-links/', {}],
  ] as const) {
    expect((await world.api('POST', pathOf(world, path), body)).status).toBe(429)
  }
  expect((await listOf(world)).count).toBe(made)
  const other = { email: 'y@example.com' }
  expect((await world.api('POST', pathOf(world, 'invites/'), other, world.keyAuth)).status).toBe(
    201,
  )
})
