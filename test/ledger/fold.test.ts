/** Folding the audit log from nothing makes the rows of D1, whatever was written (contract A10). */
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/write.ts'
import { canonicalJson } from '../../src/ledger/canonical.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import type { FoldEntry } from '../../src/ledger/fold.ts'
import { foldTables, keyOf, untoldTables } from '../../src/ledger/fold-tables.ts'
import { compareLog, openLog, readStored, takeLog } from '../support/fold.ts'
import { checkChain } from '../support/invariants.ts'
import { missingOf, type Walked, walk } from '../support/walk/walk.ts'
import { newFeature, write } from '../support/world.ts'

/** Another seed walks another way. */
const seed = 1
const writes = 2_000

const realFetch = globalThis.fetch
let walked: Walked

const sum = (counts: Map<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0)

beforeAll(async () => {
  // Webhooks of the walk are answered here, every other one badly: nothing listens inside the runtime.
  let requests = 0
  globalThis.fetch = async () => new Response('thanks', { status: ++requests % 2 ? 200 : 500 })
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
})

/** What nobody takes away again: the walk is over. */
async function settleDown() {
  const { id: creatorId } = (await env.DB.prepare('SELECT id FROM users').first<Row>()) ?? { id: 0 }
  const organisationId = 999_999
  const own = { id: organisationId, creatorId, settings: { name: 'Home' } }
  await write(organisationId, 'organisation.create', own)
  const project = await write(organisationId, 'project.create', {
    organisationId,
    settings: { name: 'Home' },
  })
  const projectId = project.id
  const settings = { label: 'home', color: '#fff', description: null, isPermanent: false }
  const tag = await write(organisationId, 'tag.create', { projectId, settings })
  const environment = await write(organisationId, 'environment.create', {
    projectId,
    settings: { name: 'Home' },
  })
  const { feature } = await write(organisationId, 'feature.create', {
    projectId,
    feature: newFeature('home'),
  })
  const state = await env.DB.prepare('SELECT id FROM feature_states WHERE feature_id = ?')
    .bind(feature.id)
    .first<Row>()
  const place = { environmentId: environment.id, id: state?.id ?? 0 }
  await write(organisationId, 'feature-state.update', { ...place, changes: { value: 'told' } })
  return { organisationId, tag, stateId: place.id, environmentId: environment.id }
}

type Row = { id: number }
type Home = Awaited<ReturnType<typeof settleDown>>

describe('the fold notices', () => {
  let home: Home

  beforeAll(async () => {
    home = await settleDown()
  })

  /** The entry of the home's ledger that tells of this action. */
  const isIt = (entry: FoldEntry, action: string) =>
    entry.ledger === ledgerOf(home.organisationId) && entry.action === action
  const without = (action: string) => differences((entry) => (isIt(entry, action) ? null : entry))
  const changed = (action: string, change: (entry: FoldEntry) => FoldEntry) =>
    differences((entry) => (isIt(entry, action) ? change(entry) : entry))

  it('nothing while nobody has meddled', async () => {
    expect(await differences()).toEqual([])
  })

  it('a value that was changed behind the log: table, key and column', async () => {
    const set = (value: string) =>
      env.DB.prepare('UPDATE feature_states SET string_value = ? WHERE id = ?')
        .bind(value, home.stateId)
        .run()
    await set('meddled')
    expect(await differences()).toEqual([
      `feature_states ${home.stateId}, string_value: the log says "told", the database "meddled"`,
    ])
    await set('told')
  })

  it('a row that was deleted behind the log, and one that was put there', async () => {
    await env.DB.prepare('UPDATE tags SET id = id + 1000000 WHERE id = ?').bind(home.tag.id).run()
    expect(await differences()).toEqual([
      `tags ${home.tag.id + 1_000_000}: the database has it and no entry tells of it`,
      `tags ${home.tag.id}: the log tells of it and the database does not have it`,
    ])
    await env.DB.prepare('UPDATE tags SET id = id - 1000000 WHERE id > 1000000').run()
  })

  it('an entry that is left out', async () => {
    expect(await without('feature-state.updated')).toContain(
      `feature_states ${home.stateId}, string_value: the log says "blue", the database "told"`,
    )
    expect(await without('tag.created')).toEqual([
      `tags ${home.tag.id}: the database has it and no entry tells of it`,
    ])
    expect((await without('feature-state.created')).join('\n')).toContain(
      'the entry says how it was before, and it was not there',
    )
  })

  it('an entry that says something else', async () => {
    const lie = (entry: FoldEntry) => ({
      ...entry,
      after: { ...entry.after, string_value: 'a lie' },
    })
    expect(await changed('feature-state.updated', lie)).toEqual([
      `feature_states ${home.stateId}, string_value: the log says "a lie", the database "told"`,
    ])
    const past = (entry: FoldEntry) => ({ ...entry, before: { ...entry.before, enabled: true } })
    expect((await changed('feature-state.updated', past)).join()).toMatch(
      /^organisation:999999 entry \d+: feature_states \d+, enabled: the entry says it was true/,
    )
  })

  it('a version that is not raised', async () => {
    const silent = ({ raised: _, ...entry }: FoldEntry): FoldEntry => entry
    const found = await changed('feature-state.updated', silent)
    expect(found.join('\n')).toMatch(
      `environments ${home.environmentId}, version: the log says 2, `,
    )
    expect(found.join('\n')).toMatch(/features \d+, version: the log says 1, the database 2/)
  })

  it('an action that no rule knows', async () => {
    const odd = (entry: FoldEntry) => ({ ...entry, action: 'unheard.of' })
    const found = await changed('tag.created', odd)
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
