import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson, leafHash } from '../../src/ledger/chain.ts'
import { type EntryPage, findEntry, type Order, readEntries } from '../../src/storage/audit.ts'
import {
  countPersonal,
  erasePersonal,
  findNamedIdentities,
  findPerson,
} from '../../src/storage/audit-erasures.ts'
import { type EntryFilter, openSearch } from '../../src/storage/audit-filters.ts'
import { pageEntries } from '../../src/storage/audit-pages.ts'
import { openDatabase, runBatch } from '../../src/storage/database.ts'
import { wholeRecord } from '../../src/storage/records.ts'
import { crowdedLogSql } from '../support/audit-log.ts'
import { recordingDatabase, type Statement, scansOf } from '../support/queries.ts'

const organisationId = 900_001
const projectId = 900_002
const log = { ledger: `organisation:${organisationId}`, organisationId }
const size = 45_000
const since = Date.UTC(2024, 0, 1)
const minute = 60_000

beforeAll(async () => {
  await env.DB.prepare(crowdedLogSql({ organisationId, projectId, entries: size })).run()
})

const db = () => openDatabase(env.DB)

type Reading = { order?: Order; limit?: number; of?: typeof log; budget?: number }

/** All pages of a filter, as sequences. */
async function readAll(
  filter: EntryFilter,
  { order = 'desc', limit = 1_000, of = log, ...beside }: Reading = {},
) {
  const search = { ...(await openSearch(db(), of, { filter })), ...beside }
  const found: number[] = []
  let pages = 0
  let after: number | undefined
  do {
    const page: EntryPage = await readEntries(db(), search, { order, after, limit })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    found.push(...page.rows.map(({ sequence }) => sequence))
    after = page.next ?? undefined
    pages++
  } while (after !== undefined)
  return { found, pages }
}

const numbers = Array.from({ length: size }, (_, index) => index + 1)

const filters: Record<string, [EntryFilter, (n: number) => boolean]> = {
  nothing: [{}, () => true],
  from: [{ from: since + 44_000 * minute }, (n) => n > 44_000],
  to: [{ to: since + 1_000 * minute }, (n) => n <= 1_000],
  'from and to': [
    { from: since + 20_000 * minute, to: since + 20_010 * minute },
    (n) => n > 20_000 && n <= 20_010,
  ],
  actor: [{ actorId: '7' }, (n) => n % 20 === 7],
  'actor kind': [{ actorKind: 'system' }, (n) => n % 50 === 0],
  action: [{ kinds: ({ action }) => action === 'segment.deleted' }, (n) => n % 1500 === 2],
  'actions of two types': [
    { kinds: ({ resourceType }) => resourceType !== 'SEGMENT' },
    (n) => n % 3 !== 2,
  ],
  'no action': [{ kinds: () => false }, () => false],
  'resource id': [{ resourceId: '8' }, (n) => n % 100 === 7],
  'feature id': [{ featureId: 8 }, (n) => n % 100 === 7],
  'flag by id': [{ flag: '8' }, (n) => n % 100 === 7],
  'unknown flag': [{ flag: 'nobody' }, () => false],
  environment: [{ environmentId: 3 }, (n) => n % 3 !== 2 && n % 10 === 2],
  project: [{ projectId }, () => true],
  'another project': [{ projectId: 1 }, () => false],
  denied: [{ outcome: 'denied' }, (n) => n % 1_000 === 999],
  'not denied': [{ outcome: 'ok', resourceId: '100' }, (n) => n % 100 === 99 && n % 1_000 !== 999],
  request: [{ requestId: 'request-77' }, (n) => n === 77],
  change: [{ changeId: 'change-50' }, (n) => n === 100 || n === 101],
  text: [{ text: 'ROUND 4444' }, (n) => String(n).startsWith('4444')],
  'a name': [{ text: 'Someone-key3' }, (n) => n % 4 === 0 && n % 50 !== 0 && n % 5 === 3],
  'text and a kind': [{ text: 'round 30000', actorKind: 'system' }, (n) => n === 30_000],
  'two actions and a rare actor': [
    { kinds: ({ resourceType }) => resourceType !== 'FEATURE', actorKind: 'system' },
    (n) => n % 3 !== 1 && n % 50 === 0,
  ],
  'what never is': [{ outcome: 'denied', actorKind: 'system' }, () => false],
}

describe('every filter finds what it asks for and nothing else', () => {
  it.each(Object.entries(filters))('%s', async (_, [filter, holds]) => {
    const expected = numbers.filter(holds)
    expect((await readAll(filter, { order: 'asc' })).found).toEqual(expected)
    expect((await readAll(filter)).found).toEqual(expected.toReversed())
  })
})

describe('a page', () => {
  it('looks at a part of the log only, and the next goes on where it ended', async () => {
    const { found, pages } = await readAll({ text: 'round 1', outcome: 'denied' })
    expect(found).toEqual(
      numbers.filter((n) => n % 1_000 === 999 && /^1/.test(String(n))).toReversed(),
    )
    expect(pages).toBe(1)
    const rare = await readAll({ projectId, text: 'no round' })
    expect(rare.found).toEqual([])
    expect(rare.pages).toBe(5)
  })

  it.each(['asc', 'desc'] as const)(
    'of a whole log ends where it may look no further: %s',
    async (order) => {
      const { found, pages } = await readAll(
        { text: 'ROUND 3000', outcome: 'ok' },
        { order, budget: 7_000 },
      )
      const expected = numbers.filter((n) => String(n).startsWith('3000'))
      expect(found).toEqual(order === 'asc' ? expected : expected.toReversed())
      expect(pages).toBe(7)
    },
  )

  it('of large records is short, and none is lost', async () => {
    const ledger = `organisation:${organisationId + 1}`
    const record = JSON.stringify({ log: 'x'.repeat(700_000) })
    const insert = `INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind,
      resource_type, created_at, record) VALUES (?, ?, '', 'c', 'a', 'user', 'T', 1, ?)`
    for (let sequence = 1; sequence <= 7; sequence++) {
      await env.DB.prepare(insert).bind(ledger, sequence, record).run()
    }
    const search = await openSearch(db(), { ledger, organisationId }, { filter: {} })
    const sizes: number[] = []
    let after: number | undefined
    do {
      const page: EntryPage = await readEntries(db(), search, { order: 'asc', after, limit: 100 })
      sizes.push(page.rows.length)
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(sizes).toEqual([3, 3, 1])
  })

  it('loses none where numbers are missing', async () => {
    const ledger = `organisation:${organisationId + 4}`
    const insert = `INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind,
      resource_type, created_at, record) VALUES (?, ?, '', 'c', 'a', 'user', 'T', 1, '{"log":"here"}')`
    const left = [4, 5, 9, 20, 21]
    for (const sequence of left) await env.DB.prepare(insert).bind(ledger, sequence).run()
    const reading = { of: { ledger, organisationId }, budget: 3 }
    expect((await readAll({ text: 'here' }, { ...reading, order: 'asc' })).found).toEqual(left)
    expect((await readAll({ text: 'here' }, reading)).found).toEqual(left.toReversed())
  })

  it('by date is right although the clock went back between two entries', async () => {
    const ledger = `organisation:${organisationId + 2}`
    const insert = `INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind,
      resource_type, created_at, record) VALUES (?, ?, '', 'c', 'a', 'user', 'T', ?, '{}')`
    const times = [10, 20, 19, 21, 20, 18, 22, 30].map((at) => at * minute)
    for (const [index, at] of times.entries()) {
      await env.DB.prepare(insert)
        .bind(ledger, index + 1, at)
        .run()
    }
    const search = await openSearch(
      db(),
      { ledger, organisationId },
      { filter: { from: 19 * minute, to: 21 * minute } },
    )
    const { rows } = await readEntries(db(), search, { order: 'asc', limit: 100 })
    expect(rows.map(({ sequence }) => sequence)).toEqual([2, 3, 5])
  })
})

/** But of what the statement itself has found so far: it is no table. */
const scansIn = async (statement: Statement) =>
  (await scansOf(statement)).filter((scan) => !/^SCAN (kinds|found)$/.test(scan))

describe('no filter reads a table or an index from end to end', () => {
  it.each(Object.entries(filters))('%s', async (_, [filter]) => {
    const { database, statements } = recordingDatabase()
    const recorded = openDatabase(database)
    const search = await openSearch(recorded, log, { filter })
    for (const order of ['asc', 'desc'] as const) {
      await readEntries(recorded, search, { order, after: 500, limit: 100 })
    }
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) expect(await scansIn(statement)).toEqual([])
  })

  it.each([
    {},
    { projectId },
    { environmentIds: [3, 4] },
    { isSystemEvent: true },
    { isSystemEvent: false },
    { search: 'round' },
  ])('the original’s: %o', async (filter) => {
    for (const scope of [
      { ledgers: [log.ledger] },
      { ledgers: [log.ledger, 'organisation:1'] },
      { ledgers: [log.ledger], projectId },
    ]) {
      const { database, statements } = recordingDatabase()
      await pageEntries(openDatabase(database), { scope, filter }, { limit: 100, offset: 0 })
      expect(statements.length).toBe(2)
      for (const statement of statements) expect(await scansIn(statement)).toEqual([])
    }
  })

  it('an erasure’s', async () => {
    const { database, statements } = recordingDatabase()
    const recorded = openDatabase(database)
    const person = await findPerson(recorded, log, { userIds: [7], emails: ['a@example.com'] })
    const named = { environmentId: 3, identifier: 'ada' }
    const identity = await findNamedIdentities(recorded, log.ledger, named)
    for (const someone of [person, identity]) {
      await countPersonal(recorded, log.ledger, someone)
      await runBatch(recorded, erasePersonal(recorded, log.ledger, someone))
    }
    expect(statements).toHaveLength(8)
    for (const statement of statements) expect(await scansIn(statement)).toEqual([])
  })
})

describe('a row of the log', () => {
  const own = { ledger: `organisation:${organisationId + 3}`, organisationId: organisationId + 3 }
  const insert = (row: Record<string, string | number>) => {
    const whole = { ...row, ledger: own.ledger, change_id: 'c', actor_kind: 'user', created_at: 1 }
    const names = Object.keys(whole)
    const marks = names.map(() => '?').join(', ')
    return env.DB.prepare(`INSERT INTO entries (${names.join(', ')}) VALUES (${marks})`)
      .bind(...Object.values(whole))
      .run()
  }
  const update = (sequence: number, assignments: string) =>
    env.DB.prepare(`UPDATE entries SET ${assignments} WHERE ledger = ? AND sequence = ?`)
      .bind(own.ledger, sequence)
      .run()
  const rowAt = async (sequence: number) => {
    const row = await findEntry(db(), own.ledger, sequence)
    if (row === undefined) throw new Error(`no entry ${sequence}`)
    return row
  }

  it('of the first version is read and found as before, and its hash holds', async () => {
    const record = canonicalJson({
      v: 1,
      actor: { id: '1', kind: 'user', name: 'first@example.com' },
      source: { ip: '192.0.2.1', request_id: 'request-of-first', user_agent: null },
      resource: { id: '4', name: 'first_flag', type: 'FEATURE', uuid: null },
      outcome: 'ok',
      log: 'New Flag of the first version',
      after: { id: 4 },
    })
    const row = { action: 'feature.created', resource_type: 'FEATURE', resource_id: '4' }
    await insert({ ...row, sequence: 1, hash: await leafHash(record), record })
    for (const filter of [
      { text: 'of the FIRST version' },
      { text: 'first@' },
      { text: 'first_FLAG' },
      { flag: 'First_Flag' },
      { requestId: 'request-of-first' },
    ]) {
      const search = await openSearch(db(), own, { filter })
      const { rows } = await readEntries(db(), search, { order: 'asc', limit: 10 })
      expect(rows.map(wholeRecord)).toEqual([JSON.parse(record)])
    }
    const stored = await rowAt(1)
    expect(await leafHash(stored.record)).toBe(stored.hash)
  })

  it('loses personal data in whole parts, and otherwise never changes', async () => {
    const actor = '{"name":"ada","salt":"s"}'
    const both = `{"actor":${actor},"subject":{"log":"About ada","salt":"s"}}`
    const row = { action: 'membership.created', resource_type: 'MEMBERSHIP', hash: 'h' }
    await insert({ ...row, sequence: 2, record: '{"v":2}', personal: both })
    const columns = await env.DB.prepare('PRAGMA table_info(entries)').all<{ name: string }>()
    const refused = [
      ...columns.results.map(({ name }) => `"${name}" = 77`),
      'personal = personal',
      `personal = '{}'`,
      `personal = json_remove(personal, '$.subject.salt')`,
      `personal = json_set(personal, '$.actor.name', 'eve')`,
      `personal = json_remove(personal, '$.actor'), hash = 'other'`,
      `personal = NULL, record = '{}'`,
    ]
    expect(refused.length).toBeGreaterThan(20)
    for (const assignments of refused) {
      await expect(update(2, assignments), assignments).rejects.toThrow('never edited')
    }
    await expect(update(1, `personal = '${both}'`)).rejects.toThrow('never edited')
    await update(2, `personal = json_remove(personal, '$.subject')`)
    expect((await rowAt(2)).personal).toBe(`{"actor":${actor}}`)
    await expect(update(2, `personal = '${both}'`)).rejects.toThrow('never edited')
    await update(2, 'personal = NULL')
    for (const assignments of [`personal = '${both}'`, 'personal = NULL']) {
      await expect(update(2, assignments)).rejects.toThrow('never edited')
    }
  })
})
