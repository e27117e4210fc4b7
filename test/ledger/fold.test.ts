/** Folding the audit log from nothing makes the rows of D1, whatever was written (contract A10). */
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/domain/write.ts'
import { canonicalJson } from '../../src/ledger/canonical.ts'
import type { FoldEntry } from '../../src/ledger/fold.ts'
import { foldTables, keyOf, untoldTables } from '../../src/ledger/fold-tables.ts'
import { compareLog, openLog, readStored, takeLog } from '../support/fold.ts'
import { checkChain } from '../support/invariants.ts'
import { missingOf, type Walked, walk } from '../support/walk/walk.ts'

/** Another seed walks another way. */
const seed = 1
const writes = 2_000

const realFetch = globalThis.fetch
let walked: Walked

const sum = (counts: Map<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0)

beforeAll(async () => {
  // Webhooks of the walk are answered here: nothing listens inside the runtime.
  globalThis.fetch = async () => new Response('thanks')
  const started = Date.now()
  walked = await walk(seed, writes)
  const counts = `${sum(walked.succeeded)} done, ${sum(walked.refused)} refused`
  console.info(`seed ${seed}: ${counts}, ${Date.now() - started} ms`)
}, 300_000)

afterAll(() => {
  globalThis.fetch = realFetch
})

const byKey = (a: unknown[], b: unknown[]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** Folds what is left of the log, or made of it, and says how D1 differs. */
async function differences(change?: (entry: FoldEntry) => FoldEntry | null): Promise<string[]> {
  const log = openLog()
  await takeLog(log, change)
  return compareLog(log)
}

describe(`after ${writes} random writes (seed ${seed})`, () => {
  it('every write of the register was done at least once', () => {
    expect(missingOf(walked)).toEqual([])
    expect(sum(walked.succeeded)).toBeGreaterThan(writes * 0.75)
  })

  it('every ledger is dense and chained', async () => {
    const { results } = await env.DB.prepare('SELECT DISTINCT ledger FROM entries')
      .raw()
      .then((rows) => ({ results: rows.map(([ledger]) => String(ledger)) }))
    expect(results.length).toBeGreaterThan(4)
    for (const ledger of results) expect([ledger, await checkChain(ledger)]).toEqual([ledger, []])
  })

  it('every before was true, and the folded log has the rows of D1, byte for byte', async () => {
    const log = openLog()
    await takeLog(log)
    expect(await compareLog(log)).toEqual([])
    const stored = await readStored()
    for (const table of foldTables.values()) {
      const rows = (stored.get(table.name) ?? []).map((row) =>
        table.columns.map(({ kind }, index) => {
          const value = row[index]
          if (kind === 'boolean') return value === null ? null : value === 1
          return kind === 'json' ? canonicalJson(JSON.parse(String(value)) as Json) : value
        }),
      )
      const folded = [...log.fold.rows(table.name).values()]
      expect(JSON.stringify(folded.sort(byKey)), table.name).toBe(JSON.stringify(rows.sort(byKey)))
    }
    const filled = [...foldTables.keys()].filter((name) => log.fold.rows(name).size > 0)
    expect(filled.length).toBeGreaterThan(foldTables.size / 2)
  })

  it('a row that is changed or deleted behind the log is named with table, key and column', async () => {
    const state = await env.DB.prepare('SELECT id, enabled FROM feature_states LIMIT 1').first<{
      id: number
      enabled: number
    }>()
    const set = (enabled = 0) =>
      env.DB.prepare('UPDATE feature_states SET enabled = ? WHERE id = ?').bind(enabled, state?.id)
    await set(1 - (state?.enabled ?? 0)).run()
    expect(await differences()).toEqual([
      expect.stringMatching(`^feature_states ${state?.id}, enabled: the log says`),
    ])
    await set(state?.enabled).run()
    const user = await env.DB.prepare('SELECT * FROM invites LIMIT 1').first<JsonObject>()
    await env.DB.prepare('DELETE FROM invites WHERE id = ?').bind(user?.id).run()
    const gone = await differences()
    expect(gone).toContain(
      `invites ${user?.id}: the log tells of it and the database does not have it`,
    )
    expect(gone.every((text) => /^invite(s|_groups) /.test(text))).toBe(true)
    const names = Object.keys(user ?? {})
    const marks = names.map(() => '?').join()
    await env.DB.prepare(`INSERT INTO invites (${names}) VALUES (${marks})`)
      .bind(...Object.values(user ?? {}))
      .run()
  })
})

describe('the fold notices', () => {
  const pick = async (action: string): Promise<FoldEntry> => {
    const { results } = await env.DB.prepare(
      'SELECT record FROM entries WHERE action = ? ORDER BY id DESC LIMIT 1',
    )
      .bind(action)
      .all<{ record: string }>()
    return JSON.parse(results[0]?.record ?? '{}') as FoldEntry
  }
  const isIt = (entry: FoldEntry, other: FoldEntry) =>
    entry.ledger === other.ledger && entry.sequence === other.sequence

  it.each(['feature-state.updated', 'feature-segment.reordered', 'tag.deleted', 'user.created'])(
    'an entry that is left out: %s',
    async (action) => {
      const left = await pick(action)
      const found = await differences((entry) => (isIt(entry, left) ? null : entry))
      expect(found).not.toEqual([])
    },
  )

  it('an entry that says something else', async () => {
    const told = await pick('feature-state.updated')
    const lie = { ...told, after: { ...told.after, string_value: 'a lie', type: 'unicode' } }
    const found = await differences((entry) => (isIt(entry, told) ? lie : entry))
    expect(found.join('\n')).toMatch(/feature_states \d+, string_value: .*a lie/)
  })

  it('a version that is not raised', async () => {
    const told = await pick('feature-state.updated')
    const { raised: _, ...silent } = told
    const found = await differences((entry) => (isIt(entry, told) ? silent : entry))
    expect(found.join('\n')).toMatch(/environments \d+, version: the log says/)
  })

  it('an action that no rule knows', async () => {
    const told = await pick('tag.created')
    const found = await differences((entry) =>
      isIt(entry, told) ? { ...entry, action: 'unheard.of' } : entry,
    )
    expect(found.join('\n')).toContain("no rule says which rows 'unheard.of' tells")
  })
})

it('every table of the database is folded, or it is said why not', async () => {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).raw<[string]>()
  const known = [...foldTables.keys(), ...Object.keys(untoldTables)]
  expect(tables.map(([name]) => name).sort()).toEqual(known.sort())
  for (const table of foldTables.values()) expect(keyOf(table, table.columns)).toBeDefined()
})
