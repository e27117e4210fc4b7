/** `npm run fsck` on real logs: what is whole is GOOD, and each broken promise is named with its place. */
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, vi } from 'vitest'
import type { EntryDraft } from '../../src/domain/write.ts'
import { chainEntries } from '../../src/ledger/chain.ts'
import { insertRows, openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { checkDatabase } from '../../src/tools/fsck-check.ts'
import { playD1 } from './ledger.ts'
import { copy, leavesOf, ledger, now } from './whole-log.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const textsOf = (db: DatabaseSync) =>
  checkDatabase(db, now).findings.shown.map(({ place, text }) => `${place}: ${text}`)

describe('a database', () => {
  it('that nobody has touched is good, pruned of nothing, with all it has told', () => {
    const { db } = copy()
    const verdict = checkDatabase(db, now)
    expect(verdict.findings.shown).toEqual([])
    expect(verdict.entries).toBeGreaterThan(400)
    expect(verdict.rows).toBeGreaterThan(200)
    expect(verdict.lines.join('\n')).not.toContain('told by no entry')
  })

  it.each<[what: string, sql: string, named: RegExp]>([
    [
      'an entry that is missing',
      'DELETE FROM entries WHERE sequence = 20',
      /^organisation:1, entry 21: entries 20 to 20 are missing/,
    ],
    [
      'a beginning that is missing',
      "DELETE FROM entries WHERE sequence < 5 AND ledger <> 'instance'",
      /^organisation:1, entry 1: entries 1 to 4 are missing/,
    ],
    [
      'an end that is missing',
      'DELETE FROM entries WHERE sequence > 400',
      /^organisation:1: a checkpoint of \d+ entries was promised and there are 400/,
    ],
    [
      'a text that is not the hashed one',
      `UPDATE entries SET record = replace(record, 'v 3', 'v X')
       WHERE id = (SELECT max(id) FROM entries WHERE record LIKE '%v 3%')`,
      /^organisation:1, entry \d+: its record is not the one that was hashed/,
    ],
    [
      'a hash that nothing follows',
      "UPDATE entries SET hash = replace(hash, substr(hash, 1, 8), '00000000') WHERE sequence = 30",
      /^organisation:1, entry 31: does not follow the entry before it/,
    ],
    [
      'a column that says another thing',
      "UPDATE entries SET actor_id = '2' WHERE sequence = 30",
      /^organisation:1, entry 30: column actor_id says 2, the record 1/,
    ],
    [
      'personal data that was exchanged',
      "UPDATE entries SET personal = replace(personal, 'ann@', 'eve@') WHERE sequence = 30",
      /^organisation:1, entry 30: its personal data \(actor\) is not what was recorded/,
    ],
    [
      'a root that was not promised',
      "UPDATE checkpoints SET root = replace(root, substr(root, 1, 8), '00000000')",
      /^organisation:1: the first \d+ entries are not those of the promised checkpoint/,
    ],
    [
      'a tile with other hashes',
      "UPDATE tree_tiles SET hashes = replace(hashes, substr(hashes, 1, 8), '00000000')",
      /^organisation:1, tile 0 of level 0: has other hashes than the log/,
    ],
    [
      'a tile with another root',
      "UPDATE tree_tiles SET root = replace(root, substr(root, 1, 8), '00000000')",
      /^organisation:1, tile 0 of level 0: has a root that its hashes do not make/,
    ],
    [
      'a tile of entries that are not there',
      'INSERT INTO tree_tiles SELECT ledger, level, 7, root, hashes FROM tree_tiles',
      /^organisation:1: has 8 tiles of level 0/,
    ],
    [
      'a row that was changed',
      "UPDATE features SET description = 'x' WHERE name = 'feature_3'",
      /^features \d+, column description: the log says null, the database "x"/,
    ],
    [
      'a version that was set back',
      "UPDATE environments SET version = 2 WHERE name = 'Production'",
      /^environments \d+, column version: the log says \d+, the database 2/,
    ],
    [
      'rules that were changed',
      "UPDATE segments SET rules = replace(rules, 'ALL', 'ANY')",
      /^segments \d+, column rules: the log says/,
    ],
    [
      'a row that is gone',
      'DELETE FROM feature_tags WHERE feature_id = (SELECT min(id) FROM features)',
      /^feature_tags \d+:\d+: the log tells of it and the database does not have it/,
    ],
    [
      'a row that nobody told',
      'INSERT INTO group_members SELECT id, 99, 1 FROM groups',
      /^group_members \d+:99: the database has it and no entry tells of it/,
    ],
    [
      'work that waits for too long',
      "INSERT INTO outbox (ledger, kind, target, created_at) VALUES ('organisation:1', 'publish', '1', 1)",
      /^outbox of organisation:1: 1 × publish, the oldest for \d+ min/,
    ],
    [
      'an event of no change',
      "UPDATE events SET change_id = 'none' WHERE id = (SELECT min(id) FROM events)",
      /^events evt_[\da-f]+: its change none is not in the log/,
    ],
    [
      'attempts with a gap',
      'UPDATE attempts SET number = 3 WHERE number = 2',
      /^deliveries dlv_1: its 2 attempts are numbered 1 to 3/,
    ],
    [
      'an attempt that nobody wrote down',
      'DELETE FROM attempts WHERE number = 2',
      /^deliveries dlv_1: says 2 attempts and has 1/,
    ],
  ])('is bad with %s', (_, sql, named) => {
    const { db } = copy()
    db.exec(sql)
    expect(textsOf(db).filter((text) => named.test(text))).not.toEqual([])
  })

  it('with work that waits for seconds is good, and tells it', () => {
    const { db } = copy()
    db.prepare(
      "INSERT INTO outbox (ledger, kind, target, created_at) VALUES (?, 'publish', '1', ?)",
    ).run(ledger, now - 3_000)
    const { findings, lines } = checkDatabase(db, now)
    expect(findings.count).toBe(0)
    expect(lines).toContain('outbox of organisation:1: 1 × publish, the oldest for 3 s')
  })

  it('whose people were forgotten is good: what they were is told by nobody', () => {
    const { db } = copy()
    db.exec("UPDATE entries SET personal = NULL WHERE resource_type IN ('USER', 'INVITE')")
    const { findings, lines } = checkDatabase(db, now)
    expect(findings.shown).toEqual([])
    expect(lines.join('\n')).toContain(
      'told by no entry that is left: 0 rows of pruned logs, 4 values',
    )
  })
})

/** One entry more, as retention writes it. */
async function tombstone(db: DatabaseSync, after: { through: number; root: string }) {
  const last = leavesOf(db).at(-1) ?? { sequence: 0, hash: '' }
  const actor = { kind: 'system' as const, id: null, name: '', credential: null }
  const source = { requestId: 'cron', ip: null, userAgent: null }
  const draft: EntryDraft = {
    action: 'audit.pruned',
    resource: { type: 'ORGANISATION', id: '1', uuid: null, name: 'Acme' },
    organisationId: 1,
    projectId: null,
    environment: null,
    log: 'Audit log pruned',
    before: null,
    after,
  }
  const change = { id: 'pruning', ledger, now, actor, source }
  const { rows } = await chainEntries(change, [draft], last)
  for (const statement of insertRows(openDatabase(playD1(db)), entries, rows)) await statement
}

describe('a pruned log', () => {
  const firstTile = (db: DatabaseSync) =>
    String(db.prepare('SELECT root FROM tree_tiles WHERE level = 0').get()?.root)
  const prune = (db: DatabaseSync) =>
    db.exec(`INSERT INTO prunings VALUES ('organisation:1', 256);
      DELETE FROM entries WHERE sequence <= 256 AND ledger <> 'instance'`)

  it('is good with its tiles and its tombstone; what only pruned entries told is counted', async () => {
    const { db } = copy()
    await tombstone(db, { through: 256, root: firstTile(db) })
    prune(db)
    const { findings, lines } = checkDatabase(db, now)
    expect(findings.shown).toEqual([])
    expect(lines.join('\n')).toMatch(/told by no entry that is left: [1-9]\d* rows of pruned logs/)
    // What is left of the log still speaks for what it tells.
    db.exec("UPDATE feature_states SET string_value = 'x' WHERE string_value = 'v 7'")
    expect(textsOf(db).length).toBeGreaterThan(10)
  })

  it('is bad when nothing says that it was pruned, or another root was', async () => {
    const { db } = copy()
    prune(db)
    expect(textsOf(db)).toContain(
      `${ledger}: entries 1 to 256 are gone, and no entry says that they were pruned`,
    )
    await tombstone(db, { through: 256, root: 'another' })
    expect(textsOf(db)).toContain(`${ledger}: entries 1 to 256 are not those that were pruned`)
  })

  it('is bad where more is gone than was to go', async () => {
    const { db } = copy()
    await tombstone(db, { through: 256, root: firstTile(db) })
    prune(db)
    db.exec('UPDATE prunings SET through = 0')
    expect(textsOf(db)).toContain(`${ledger}: entries up to 0 are pruned, and 1 to 256 are gone`)
  })

  it('is bad when its tiles are gone with it', async () => {
    const { db } = copy()
    await tombstone(db, { through: 256, root: firstTile(db) })
    prune(db)
    db.exec('DELETE FROM tree_tiles')
    expect(textsOf(db).join('\n')).toContain('entries 1 to 256 are missing')
  })
})
