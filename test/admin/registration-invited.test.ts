import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { api, createWorld, owner } from '../support/admin.ts'
import { findMember, inviteBy, join, joinByLink, linkOf, post } from '../support/people.ts'

type Registered = { id: number; key: string; sign_up_type: string }

const register = (body: object, ip?: string) =>
  post<Registered>('auth/users/', { body, ...(ip && { ip }) })

const freshEmail = () => `${crypto.randomUUID()}@example.com`

const invited = (email: string, type: string | null, hash: string | null) => ({
  ...owner,
  email,
  sign_up_type: type,
  invite_hash: hash,
})

const closed = { detail: expect.stringMatching(/^Registration is closed/) }

describe('registering by invitation', () => {
  it('is open to the invited address, and joining is a step of its own', async () => {
    const world = await createWorld()
    const email = freshEmail()
    const { hash } = await inviteBy(world, { email: email.toUpperCase() })
    const { status, body } = await register(invited(email, 'INVITE_EMAIL', hash))
    expect(status).toBe(201)
    expect(body).toMatchObject({ email, sign_up_type: 'INVITE_EMAIL', is_active: true })
    const auth = `Token ${body.key}`
    const me = await api('GET', 'auth/users/me/', undefined, auth)
    expect(me.body).toMatchObject({ is_superuser: false, sign_up_type: 'INVITE_EMAIL' })
    expect(await findMember(world, body.id)).toBeUndefined()
    expect((await join(hash, { auth })).status).toBe(200)
    expect(await findMember(world, body.id)).toMatchObject({ role: 'USER' })
  })

  it('is open to whoever holds a link, as often as it is shared', async () => {
    const world = await createWorld()
    const { hash } = await linkOf(world, { role: 'ADMIN' })
    for (const email of [freshEmail(), freshEmail()]) {
      const { status, body } = await register(invited(email, 'INVITE_LINK', hash))
      expect([status, body.sign_up_type]).toEqual([201, 'INVITE_LINK'])
      expect((await joinByLink(hash, { auth: `Token ${body.key}` })).status).toBe(200)
      expect(await findMember(world, body.id)).toMatchObject({ role: 'ADMIN' })
    }
  })

  it('lets a newcomer log in with the password', async () => {
    const world = await createWorld()
    const email = freshEmail()
    const { hash } = await linkOf(world)
    expect((await register(invited(email, 'INVITE_LINK', hash))).status).toBe(201)
    const login = await post('auth/login/', { body: { email, password: owner.password } })
    expect(login.status).toBe(200)
  })

  it('stays closed without a valid invite, whichever part is wrong', async () => {
    const world = await createWorld()
    const email = freshEmail()
    const [invite, link] = [await inviteBy(world, { email }), await linkOf(world)]
    for (const [type, hash] of [
      [null, null],
      ['NO_INVITE', null],
      ['NO_INVITE', link.hash],
      [null, link.hash],
      ['INVITE_EMAIL', null],
      ['INVITE_EMAIL', ''],
      ['INVITE_EMAIL', 'guess'],
      ['INVITE_EMAIL', link.hash],
      ['INVITE_LINK', 'guess'],
      ['INVITE_LINK', invite.hash],
    ] as const) {
      const answer = await register(invited(email, type, hash))
      expect([type, hash, answer]).toMatchObject([type, hash, { status: 403, body: closed }])
    }
    expect(await register(invited(email, 'GIFT', link.hash))).toMatchObject({
      status: 400,
      body: { sign_up_type: ['"GIFT" is not a valid choice.'] },
    })
    const users = env.DB.prepare('SELECT count(*) AS n FROM users WHERE email = ?').bind(email)
    expect(await users.first()).toEqual({ n: 0 })
  })

  it('refuses another address than the invited one, and a link that has expired', async () => {
    const world = await createWorld()
    const { hash } = await inviteBy(world, { email: freshEmail() })
    expect(await register(invited(freshEmail(), 'INVITE_EMAIL', hash))).toMatchObject({
      status: 403,
      body: { detail: 'Registered email does not match invited email' },
    })
    const link = await linkOf(world, { expires_at: '2020-01-01T00:00:00Z' })
    expect(await register(invited(freshEmail(), 'INVITE_LINK', link.hash))).toMatchObject({
      status: 403,
      body: { detail: 'Invite has expired' },
    })
  })

  it('tells only the invited that an address is taken, and holds to the password rules', async () => {
    const world = await createWorld()
    const { hash } = await linkOf(world)
    const email = world.superuser.email.toUpperCase()
    expect(await register(invited(email, 'INVITE_LINK', hash))).toMatchObject({
      status: 400,
      body: { email: ['Email already exists. Please log in.'] },
    })
    expect((await register(invited(email, 'INVITE_LINK', 'guess'))).body).toEqual(closed)
    const weak = { ...invited(freshEmail(), 'INVITE_LINK', hash), password: '1234567' }
    expect(await register(weak)).toMatchObject({
      status: 400,
      body: { password: [expect.stringMatching(/too short/), expect.any(String)] },
    })
  })

  it('does not make a superuser, whatever the body says', async () => {
    const world = await createWorld()
    const { hash } = await linkOf(world)
    const body = { ...invited(freshEmail(), 'INVITE_LINK', hash), superuser: true, id: 1 }
    const made = await register(body)
    expect(made.status).toBe(201)
    const me = await api('GET', 'auth/users/me/', undefined, `Token ${made.body.key}`)
    expect(me.body).toMatchObject({ is_superuser: false, id: made.body.id })
    expect(made.body.id).not.toBe(1)
  })

  it('registers one of several who come at once with the same address', async () => {
    const world = await createWorld()
    const { hash } = await linkOf(world)
    const email = freshEmail()
    const answers = await Promise.all(
      [1, 2, 3].map(() => register(invited(email, 'INVITE_LINK', hash))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400])
  })

  it('is slowed down like logins, so that a link is no way to try addresses', async () => {
    const world = await createWorld()
    const { hash } = await linkOf(world)
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length <= 41) {
      const body = invited(world.superuser.email, 'INVITE_LINK', hash)
      statuses.push((await register(body, '192.0.2.77')).status)
    }
    expect(statuses.at(-1)).toBe(429)
    expect(statuses.length).toBeGreaterThan(20)
  })
})
