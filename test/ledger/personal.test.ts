/** What leaves a record before it is hashed, and that the commitment to it can be checked by anybody. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/write.ts'
import { canonicalJson } from '../../src/ledger/chain.ts'
import { isCommitted, splitPersonal, type WholeRecord } from '../../src/ledger/personal.ts'
import { wholeRecord } from '../../src/storage/records.ts'

const entry = (
  type: WholeRecord['resource']['type'],
  told: Partial<Pick<WholeRecord, 'log' | 'before' | 'after'>> & { name?: string } = {},
): WholeRecord => ({
  v: 2,
  ledger: 'organisation:1',
  sequence: 7,
  change: 'c',
  time: '2026-11-20T07:30:57.006Z',
  outcome: 'ok',
  action: 'x.updated',
  actor: { kind: 'user', id: '3', credential: 'token:0123456789ab', name: 'canary-actor' },
  source: { ip: 'canary-ip', user_agent: 'canary-agent', request_id: 'r' },
  resource: { type, id: '5', uuid: null, name: told.name ?? 'thing' },
  organisation: 1,
  project: null,
  environment: null,
  log: told.log ?? 'Changed thing',
  before: told.before ?? null,
  after: told.after ?? null,
  previous: '0'.repeat(64),
})

const split = async (whole: WholeRecord) => {
  const { record, personal } = await splitPersonal(whole)
  return { record: canonicalJson(record), personal }
}

type Parts = Record<string, { salt: string } & JsonObject>

const about = { log: 'canary-log', name: 'canary-name' }

/** Of each kind of entry about somebody, with every personal thing that it can hold. */
const people: Record<string, WholeRecord> = {
  'a user': entry('USER', {
    ...about,
    after: { id: 5, email: 'canary-email', first_name: 'canary-first', last_name: 'canary-last' },
  }),
  'a session': entry('SESSION', { ...about, after: { user_id: 5 } }),
  'a membership': entry('MEMBERSHIP', {
    ...about,
    before: { user_id: 5, email: 'canary-email', role: 'USER' },
  }),
  'an invite': entry('INVITE', {
    ...about,
    after: { id: 5, email: 'canary-email', group_ids: [] },
  }),
  'a person’s grant': entry('PERMISSION', { ...about, after: { user_id: 5, group_id: null } }),
  'an identity': entry('IDENTITY', {
    ...about,
    before: {
      id: 5,
      identifier: 'canary-1',
      traits: [{ trait_key: 'a', trait_value: 'canary-2' }],
    },
    after: { id: 5, identifier: 'canary-3', trait_keys: ['canary-4'] },
  }),
  'a trait': entry('TRAIT', {
    ...about,
    after: { identity_id: 5, key: 'canary-key', value: '"canary-value"', identifier: 'canary-1' },
  }),
  'an override of an identity': entry('FEATURE_STATE', {
    log: 'canary-log',
    name: 'banner',
    before: { feature_id: 2, identity_id: 5, identifier: 'canary-1', enabled: true },
    after: { feature_id: 2, identity_id: 5, identifier: 'canary-1', enabled: false },
  }),
  'an organisation’s address': entry('ORGANISATION', {
    before: { id: 5, webhook_notification_email: 'canary-email' },
    after: { id: 5, webhook_notification_email: null },
  }),
}

const things: Record<string, WholeRecord> = {
  'a feature': entry('FEATURE', { after: { id: 5, owners: [1] } }),
  'a state of its own': entry('FEATURE_STATE', { after: { identity_id: null, identifier: null } }),
  'a group’s grant': entry('PERMISSION', { after: { user_id: null, group_id: 4 } }),
  'an invite link': entry('INVITE', { after: { id: 5, role: 'USER' } }),
  'a trait of everybody': entry('TRAIT', { before: { trait_key: 'plan', identities: 3 } }),
  'an organisation without address': entry('ORGANISATION', {
    after: { webhook_notification_email: null },
  }),
}

describe('of an entry about somebody', () => {
  it.each(Object.entries(people))('the record tells nothing: %s', async (_, whole) => {
    const { record, personal } = await split(whole)
    expect(record).not.toContain('canary')
    expect(Object.keys(JSON.parse(personal))).toEqual(['actor', 'subject'])
    const { commitment, ...told } = wholeRecord({ record, personal })
    expect(told).toEqual(whole)
    expect(Object.keys(commitment ?? {})).toEqual(['actor', 'subject'])
  })

  it('what it is found by stays: ids and the feature', async () => {
    const override = people['an override of an identity']
    if (override === undefined) throw new Error('no such entry')
    const { record } = await splitPersonal(override)
    expect(record).toMatchObject({
      actor: { kind: 'user', id: '3', credential: 'token:0123456789ab' },
      source: { request_id: 'r' },
      resource: { name: 'banner' },
      before: { feature_id: 2, identity_id: 5, enabled: true },
      after: { feature_id: 2, identity_id: 5, enabled: false },
    })
  })
})

it.each(Object.entries(things))('only the actor leaves an entry about %s', async (_, whole) => {
  const { record, personal } = await splitPersonal(whole)
  const { commitment, ...told } = record
  const { name: _name, ...actor } = whole.actor
  expect(told).toEqual({ ...whole, actor, source: { request_id: 'r' } })
  expect(Object.keys(commitment as JsonObject)).toEqual(['actor'])
  const { salt, ...part } = (JSON.parse(personal) as Parts).actor ?? { salt: '' }
  expect(part).toEqual({ name: 'canary-actor', ip: 'canary-ip', user_agent: 'canary-agent' })
  expect(Buffer.from(salt, 'base64')).toHaveLength(16)
})

describe('a commitment', () => {
  it('is the HMAC of the part without its salt, keyed by the salt', async () => {
    for (const whole of Object.values(people)) {
      const { record, personal } = await splitPersonal(whole)
      for (const [name, { salt, ...part }] of Object.entries(JSON.parse(personal) as Parts)) {
        const key = Buffer.from(salt, 'base64')
        const expected = createHmac('sha256', key).update(canonicalJson(part)).digest('hex')
        expect((record.commitment as JsonObject)[name]).toBe(expected)
        expect(await isCommitted({ ...part, salt }, expected)).toBe(true)
        expect(await isCommitted({ ...part, name: 'mallory', salt }, expected)).toBe(false)
        const other = Buffer.alloc(16, 1).toString('base64')
        expect(await isCommitted({ ...part, salt: other }, expected)).toBe(false)
        for (const broken of ['', 'x', 7, null]) {
          expect(await isCommitted({ ...part, salt: broken }, expected)).toBe(false)
        }
      }
    }
  })

  it('to the same data is never the same', async () => {
    const whole = entry('FEATURE')
    const [one, other] = [await splitPersonal(whole), await splitPersonal(whole)]
    expect(one.record.commitment).not.toEqual(other.record.commitment)
  })
})

describe('an entry of which a part was erased', () => {
  const whole = people['a membership'] ?? entry('USER')

  it.each([
    ['actor', { actor: { name: '' }, source: { ip: null, user_agent: null }, log: 'canary-log' }],
    ['subject', { actor: { name: 'canary-actor' }, log: '', resource: { name: '' } }],
  ])('reads empty there: %s', async (part, expected) => {
    const { record, personal } = await split(whole)
    const { [part]: _, ...left } = JSON.parse(personal) as Parts
    const read = wholeRecord({ record, personal: JSON.stringify(left) })
    expect(read).toMatchObject({ ...expected, erased: [part] })
    expect('email' in (read.before ?? {})).toBe(part === 'actor')
  })

  it('reads empty everywhere when both are gone', async () => {
    const { record } = await split(whole)
    for (const personal of [null, undefined, '{}']) {
      const read = wholeRecord({ record, personal })
      expect(read).toMatchObject({ erased: ['actor', 'subject'], before: { user_id: 5 } })
      expect(JSON.stringify(read)).not.toContain('canary')
    }
  })

  it('of the first version is whole by itself', () => {
    const { v: _, ...first } = whole
    const record = canonicalJson({ ...first, v: 1 })
    expect(wholeRecord({ record })).toEqual({ ...whole, v: 1 })
    expect(wholeRecord({ record, personal: null })).toEqual({ ...whole, v: 1 })
  })
})
