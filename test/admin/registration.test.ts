import { env, exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { api, done, owner, readRecords } from '../support/admin.ts'

type Registered = { id: number; uuid: string; key: string }

const register = (person: object = owner) => api<Registered>('POST', 'auth/users/', person)

beforeEach(async () => {
  const anew = [
    'DROP TRIGGER IF EXISTS entries_go_by_pruning',
    'DELETE FROM users',
    'DELETE FROM entries',
  ]
  await env.DB.batch(anew.map((sql) => env.DB.prepare(sql)))
})

describe('registering', () => {
  it('is open to the first person, who becomes superuser and is logged in', async () => {
    const { status, body } = await register()
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      email: 'owner@example.com',
      first_name: 'Olga',
      last_name: 'Berg',
      sign_up_type: null,
      is_active: true,
      marketing_consent_given: false,
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      key: expect.stringMatching(/^[0-9a-f]{40}$/),
    })
    const me = await api('GET', 'auth/users/me/', undefined, `Token ${body.key}`)
    expect(me.body).toMatchObject({ id: body.id, is_superuser: true })
  })

  it('is closed afterwards, to known and unknown addresses alike, and says what to do', async () => {
    await done(register())
    const [same, other] = [await register(), await register({ ...owner, email: 'b@example.com' })]
    expect(same.status).toBe(403)
    expect(other.status).toBe(403)
    expect(same.body).toEqual(other.body)
    expect(same.body).toEqual({ detail: expect.stringMatching(/^Registration is closed.*Log in/) })
  })

  it('lets exactly one of several simultaneous first people in', async () => {
    const people = Array.from({ length: 5 }, (_, index) => ({
      ...owner,
      email: `person${index}@example.com`,
    }))
    const answers = await Promise.all(people.map(register))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403])
    const { results } = await env.DB.prepare('SELECT is_superuser FROM users').all()
    expect(results).toEqual([{ is_superuser: 1 }])
    const actions = (await readRecords()).map((record) => JSON.parse(record).action)
    expect(actions).toEqual(['user.created', 'session.created'])
  })

  it('takes a form as well as JSON', async () => {
    const response = await exports.default.fetch(
      new Request('http://localhost/api/v1/auth/users', {
        method: 'POST',
        body: new URLSearchParams(owner),
      }),
    )
    expect(response.status).toBe(201)
  })

  it('names every field that is missing or wrong', async () => {
    const required = ['This field is required.']
    expect(await register({})).toMatchObject({
      status: 400,
      body: { email: required, password: required, first_name: required, last_name: required },
    })
    expect(await register({ ...owner, email: 'nobody', first_name: ' ' })).toMatchObject({
      status: 400,
      body: {
        email: ['Enter a valid email address.'],
        first_name: ['This field may not be blank.'],
      },
    })
  })

  it('refuses a bad password in the contract’s words and registers nobody', async () => {
    const { status, body } = await register({ ...owner, password: '1234567' })
    expect(status).toBe(400)
    expect(body).toEqual({
      password: [
        'This password is too short. It must contain at least 8 characters.',
        'This password is entirely numeric.',
      ],
    })
    expect(await env.DB.prepare('SELECT count(*) AS n FROM users').first()).toEqual({ n: 0 })
  })

  it('is audited as done by the new person, with the first token', async () => {
    const { id, key } = await done(register())
    const credential = `token:${(await sha256Hex(key)).slice(0, 12)}`
    const records = (await readRecords()).map((record) => JSON.parse(record))
    expect(records.map(({ action, actor }) => ({ action, actor }))).toEqual(
      ['user.created', 'session.created'].map((action) => ({
        action,
        actor: { kind: 'user', id: String(id), credential, name: owner.email },
      })),
    )
    expect(records[0]).toMatchObject({ ledger: 'instance', organisation: null, before: null })
  })
})
