import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import type { InputOf, WriteName } from '../../src/domain/register.ts'
import { sessionMs } from '../../src/domain/users.ts'
import { commit, instanceLedger } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { findToken, findUser } from '../../src/storage/users.ts'
import { readRecords } from '../support/admin.ts'

const actor = { kind: 'user', id: '1', credential: null, name: 'ada@example.com' } as const
const source = { requestId: 'test', ip: null, userAgent: null }

const order = <N extends WriteName>(write: N, input: InputOf<N>) =>
  commit(env, { ledger: instanceLedger, write, input, actor, source })

const ada = {
  id: 1,
  email: 'ada@example.com',
  firstName: 'Ada',
  lastName: 'Byron',
  passwordHash: '$scrypt$of-ada',
  tokenHash: 'hash-of-the-first-token',
  signUpType: null,
  inviteHash: null,
}

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM users').run()
})

describe('the first user', () => {
  it('is decided in the ledger’s turn: of ten that come at once one gets in', async () => {
    const people = Array.from({ length: 10 }, (_, index) => ({
      ...ada,
      id: index + 1,
      email: `person${index}@example.com`,
      tokenHash: `token ${index}`,
    }))
    const outcomes = await Promise.all(people.map((person) => order('user.create', person)))
    const kinds = outcomes.map(({ kind }) => kind).sort()
    expect(kinds).toEqual([...Array(9).fill('forbidden'), 'ok'])
    const { results } = await env.DB.prepare('SELECT id FROM users').all()
    expect(results).toHaveLength(1)
  })

  it('gets a session of 30 days, and neither hash is in the log', async () => {
    await order('user.create', ada)
    const token = await findToken(openDatabase(env.DB), ada.tokenHash)
    expect(token).toMatchObject({ userId: 1, expiresAt: (token?.createdAt ?? 0) + sessionMs })
    const records = (await readRecords()).join()
    expect(records).toContain('ada@example.com')
    expect(records).not.toContain(ada.tokenHash)
    expect(records).not.toContain(ada.passwordHash)
  })
})

describe('a session', () => {
  it('tells when its person was last here, and sweeps out what has expired', async () => {
    await order('user.create', ada)
    await env.DB.prepare('UPDATE tokens SET expires_at = 1').run()
    await env.DB.prepare('UPDATE users SET last_login_at = NULL').run()
    expect(await order('session.create', { userId: 1, tokenHash: 'second' })).toEqual({
      kind: 'ok',
      value: null,
    })
    const db = openDatabase(env.DB)
    expect(await findToken(db, ada.tokenHash)).toBeUndefined()
    const second = await findToken(db, 'second')
    expect((await findUser(db, 1))?.lastLoginAt).toBe(second?.createdAt)
  })

  it('of a person who is gone is refused', async () => {
    const outcome = await order('session.create', { userId: 77, tokenHash: 'lost' })
    expect(outcome.kind).toBe('not-found')
  })

  it('ends once: ending it again changes nothing and logs nothing', async () => {
    await order('user.create', ada)
    await order('session.delete', { tokenHash: ada.tokenHash })
    const records = await readRecords()
    const again = await order('session.delete', { tokenHash: ada.tokenHash })
    expect(again).toEqual({ kind: 'ok', value: null })
    expect(await readRecords()).toEqual(records)
  })
})
