import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/storage/digest.ts'
import { createWorld, done, dumpDatabase, readRecords } from '../support/admin.ts'
import {
  addStranger,
  findMember,
  joinByLink,
  type Link,
  linkOf,
  pathOf,
} from '../support/people.ts'

describe('an invite link', () => {
  it('is made, listed bare with its hash, and deleted', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invite-links/')
    const { status, body: made } = await world.api<Link>('POST', path, { role: 'ADMIN' })
    expect(status).toBe(201)
    expect(made).toEqual({
      id: expect.any(Number),
      hash: expect.stringMatching(/^[A-Za-z0-9]{32}$/),
      date_created: expect.stringMatching(/\.\d{6}Z$/),
      role: 'ADMIN',
      expires_at: null,
    })
    const plain = await linkOf(world, { expires_at: '2999-01-02T03:04:05+01:00', hash: 'mine' })
    expect(plain).toMatchObject({ role: 'USER', expires_at: '2999-01-02T02:04:05.000000Z' })
    expect(plain.hash).not.toBe('mine')
    expect(await world.api('GET', path)).toMatchObject({ status: 200, body: [made, plain] })
    expect((await world.api('DELETE', `${path}${made.id}/`)).status).toBe(204)
    expect((await world.api('DELETE', `${path}${made.id}/`)).status).toBe(404)
    expect((await world.api('GET', path)).body).toEqual([plain])
  })

  it('takes no other role and no other time', async () => {
    const world = await createWorld()
    const path = pathOf(world, 'invite-links/')
    expect(await world.api('POST', path, { role: 'OWNER' })).toMatchObject({
      status: 400,
      body: { role: ['"OWNER" is not a valid choice.'] },
    })
    const late = await world.api('POST', path, { expires_at: 'soon' })
    expect(late).toMatchObject({
      status: 400,
      body: { expires_at: [expect.stringMatching(/^Datetime has wrong format/)] },
    })
  })

  it('is stored sealed and hashed; the log has neither', async () => {
    const world = await createWorld()
    const { hash, id } = await linkOf(world)
    const stored = await sha256Hex(hash)
    const dump = await dumpDatabase()
    expect(dump).not.toContain(hash)
    expect(dump).toContain(stored)
    const records = await readRecords()
    expect(records.join()).not.toContain(stored)
    expect(records.join()).not.toContain(hash)
    expect(JSON.parse(records.at(-1) ?? '')).toMatchObject({
      action: 'invite-link.created',
      resource: { type: 'INVITE', id: String(id) },
    })
    expect(Object.keys(JSON.parse(records.at(-1) ?? '').after)).not.toContain('sealed')
  })

  it('opens until it expires or is deleted', async () => {
    const world = await createWorld()
    const [one, two] = [await addStranger(), await addStranger()]
    const expired = await linkOf(world, { expires_at: '2020-01-01T00:00:00Z' })
    expect(await joinByLink(expired.hash, one)).toMatchObject({
      status: 400,
      body: { detail: 'Invite has expired' },
    })
    const link = await linkOf(world, { expires_at: '2999-01-01T00:00:00Z' })
    expect((await joinByLink(link.hash, one)).status).toBe(200)
    await done(world.api('DELETE', pathOf(world, `invite-links/${link.id}/`)))
    expect(await joinByLink(link.hash, two)).toMatchObject({
      status: 404,
      body: { detail: 'Not found.' },
    })
    expect(await findMember(world, one.id)).toMatchObject({ role: 'USER' })
    expect(await findMember(world, two.id)).toBeUndefined()
  })
})
