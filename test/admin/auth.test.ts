import { env, exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { administration } from '../../src/app.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import {
  addUser,
  api,
  done,
  dumpDatabase,
  owner,
  readRecords,
  timestamp,
} from '../support/admin.ts'

type Registered = { id: number; uuid: string; key: string }

const register = (person: object = owner) => api<Registered>('POST', 'auth/users/', person)

const stored = async (token: string) =>
  env.DB.prepare('SELECT * FROM tokens WHERE hash = ?')
    .bind(await sha256Hex(token))
    .first<{ created_at: number; expires_at: number }>()

/** From an address of its own, so that one test's logins do not use up another's. */
async function login(
  body: unknown,
  { ip = `198.51.100.${1 + Math.floor(Math.random() * 250)}`, type = 'application/json' } = {},
) {
  const response = await exports.default.fetch(
    new Request('http://localhost/api/v1/auth/login/', {
      method: 'POST',
      headers: { 'Content-Type': type, 'CF-Connecting-IP': ip },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { key: string },
  }
}

beforeEach(async () => {
  const anew = [
    'DROP TRIGGER IF EXISTS entries_go_by_pruning',
    'DELETE FROM users',
    'DELETE FROM entries',
  ]
  await env.DB.batch(anew.map((sql) => env.DB.prepare(sql)))
})

describe('logging in', () => {
  it('answers a new token each time, without regard to the case of the address', async () => {
    await done(register())
    const first = await login({ email: owner.email, password: owner.password })
    const second = await login({ email: 'OWNER@Example.com', password: owner.password })
    expect(first.status).toBe(200)
    expect(first.body).toEqual({ key: expect.stringMatching(/^[0-9a-f]{40}$/) })
    expect(second.body.key).not.toBe(first.body.key)
    for (const { body } of [first, second]) {
      const me = await api('GET', 'auth/users/me/', undefined, `Token ${body.key}`)
      expect(me.status).toBe(200)
    }
  })

  it('takes a form', async () => {
    await done(register())
    const form = new URLSearchParams({ email: owner.email, password: owner.password }).toString()
    const answer = await login(form, { type: 'application/x-www-form-urlencoded' })
    expect(answer.status).toBe(200)
  })

  it('finds nothing in a form that cannot be read', async () => {
    const answer = await login('--x', { type: 'multipart/form-data; boundary=y' })
    const required = ['This field is required.']
    expect(answer).toMatchObject({ status: 400, body: { email: required, password: required } })
  })

  it('answers a wrong password and an unknown address with the same words', async () => {
    await done(register())
    const wrong = await login({ email: owner.email, password: 'wrong' })
    const unknown = await login({ email: 'nobody@example.com', password: 'wrong' })
    expect(wrong.status).toBe(400)
    expect(wrong.body).toEqual({
      non_field_errors: ['Unable to log in with provided credentials.'],
    })
    expect(unknown.status).toBe(400)
    expect(unknown.body).toEqual(wrong.body)
    expect(JSON.stringify(wrong.body)).not.toContain('"wrong"')
  })

  it('does not let in anybody with a password that is blank or missing', async () => {
    await done(register())
    const blank = await login({ email: owner.email, password: '' })
    expect(blank).toMatchObject({
      status: 400,
      body: { password: ['This field may not be blank.'] },
    })
    expect(await login({})).toMatchObject({ status: 400, body: { email: expect.anything() } })
    expect((await login('{')).status).toBe(400)
  })

  it('is good for 30 days and not a millisecond longer', async () => {
    const { key } = await done(register())
    const row = await stored(key)
    expect((row?.expires_at ?? 0) - (row?.created_at ?? 0)).toBe(30 * 24 * 60 * 60 * 1000)
    await env.DB.prepare('UPDATE tokens SET expires_at = ?').bind(Date.now()).run()
    const me = await api('GET', 'auth/users/me/', undefined, `Token ${key}`)
    expect(me).toMatchObject({ status: 401, body: { detail: 'Invalid token.' } })
    await login({ email: owner.email, password: owner.password })
    expect(await stored(key)).toBeNull()
  })

  it('is throttled for one account, wherever the guesses come from', async () => {
    const statuses: number[] = []
    // The limit counts whole minutes: a minute that ends meanwhile gives twenty more.
    while (statuses.at(-1) !== 429 && statuses.length <= 41) {
      const guess = { email: 'victim@example.com', password: 'guess' }
      statuses.push((await login(guess, { ip: `192.0.2.${statuses.length}` })).status)
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(400))
    expect(statuses.at(-1)).toBe(429)
  }, 20_000)

  it.each(['network:192.0.2.7', 'account:'])(
    'says how long to wait when %s is full',
    async (full) => {
      const limit: RateLimit = { limit: async ({ key }) => ({ success: !key.startsWith(full) }) }
      const request = new Request('http://localhost/api/v1/auth/login/', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': '192.0.2.7' },
        body: JSON.stringify({ email: owner.email, password: owner.password }),
      })
      const response = await administration.fetch(request, { ...env, LOGIN_LIMIT: limit })
      expect(response.status).toBe(429)
      expect(response.headers.get('Retry-After')).toBe('60')
      expect(await response.json()).toEqual({
        detail: 'Request was throttled. Expected available in 60 seconds.',
      })
    },
  )
})

describe('logging out', () => {
  it.each([
    ['POST', 'auth/logout/'],
    ['DELETE', 'auth/token/'],
    ['POST', 'auth/logout'],
    ['DELETE', 'auth/token'],
  ])('with %s %s ends this session and no other', async (method, path) => {
    const { key } = await done(register())
    const other = await login({ email: owner.email, password: owner.password })
    expect(await api(method, path, undefined, `Token ${key}`)).toMatchObject({
      status: 204,
      body: null,
    })
    expect((await api(method, path, undefined, `Token ${key}`)).status).toBe(401)
    const me = await api('GET', 'auth/users/me/', undefined, `Token ${other.body.key}`)
    expect(me.status).toBe(200)
    const last = (await readRecords()).at(-1) ?? ''
    expect(JSON.parse(last)).toMatchObject({ action: 'session.deleted' })
  })
})

describe('one’s own profile', () => {
  it('shows what the contract shows', async () => {
    const { id, uuid, key } = await done(register())
    const me = await api('GET', 'auth/users/me', undefined, `Token ${key}`)
    expect(me.status).toBe(200)
    expect(me.body).toEqual({
      id,
      uuid,
      email: owner.email,
      first_name: 'Olga',
      last_name: 'Berg',
      sign_up_type: null,
      auth_type: 'EMAIL',
      is_superuser: true,
      date_joined: timestamp,
      pylon_email_signature: null,
      onboarding: null,
    })
  })

  it('changes names and nothing else', async () => {
    const { auth } = await addUser('member@example.com')
    const body = { first_name: 'Mia', email: 'new@example.com', is_superuser: true, id: 1 }
    const patched = await api('PATCH', 'auth/users/me/', body, auth)
    expect(patched).toMatchObject({
      status: 200,
      body: {
        first_name: 'Mia',
        last_name: 'Person',
        email: 'member@example.com',
        is_superuser: false,
      },
    })
    const put = await api('PUT', 'auth/users/me/', { last_name: 'Ek' }, auth)
    expect(put.body).toMatchObject({ first_name: 'Mia', last_name: 'Ek' })
    expect(await readRecords()).toHaveLength(2)
  })

  it('writes no entry when nothing changes, and refuses a blank name', async () => {
    const { auth } = await addUser('member@example.com')
    expect((await api('PATCH', 'auth/users/me/', { first_name: 'Test' }, auth)).status).toBe(200)
    expect((await api('PATCH', 'auth/users/me/', {}, auth)).status).toBe(200)
    expect(await readRecords()).toEqual([])
    expect(await api('PATCH', 'auth/users/me/', { first_name: '' }, auth)).toMatchObject({
      status: 400,
      body: { first_name: ['This field may not be blank.'] },
    })
  })
})

describe('a credential', () => {
  it.each([
    ['nothing at all', undefined],
    ['an unknown token', `Token ${'0'.repeat(40)}`],
    ['a token under the wrong scheme', 'Api-Key'],
    ['a bearer token', 'Bearer'],
    ['a server-side key', 'Token ser.abcdefghijklmnopqrstuv'],
    ['two tokens', `Token a b`],
  ])('that is %s opens nothing', async (_, header) => {
    const { key } = await done(register())
    const auth = header?.includes(' ') || header === undefined ? header : `${header} ${key}`
    for (const [method, path] of [
      ['GET', 'auth/users/me/'],
      ['PATCH', 'auth/users/me/'],
      ['POST', 'auth/logout/'],
      ['DELETE', 'auth/token/'],
    ] as const) {
      const answer = await api(method, path, method === 'PATCH' ? {} : undefined, auth)
      expect(answer.status).toBe(401)
    }
  })

  it('is read without regard to the case of its scheme', async () => {
    const { key } = await done(register())
    expect((await api('GET', 'auth/users/me/', undefined, `token ${key}`)).status).toBe(200)
  })

  it('is never in the database: passwords and tokens are stored hashed', async () => {
    const { key } = await done(register())
    const again = await login({ email: owner.email, password: owner.password })
    const dump = await dumpDatabase()
    for (const secret of [key, again.body.key, owner.password]) expect(dump).not.toContain(secret)
    expect(dump).toContain(await sha256Hex(key))
    const records = (await readRecords()).join()
    expect(records).not.toContain(await sha256Hex(key))
    expect(records).not.toContain('scrypt')
    expect(records).not.toContain('hash":"$')
  })
})
