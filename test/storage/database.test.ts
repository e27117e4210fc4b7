/** Rows that travel as JSON arrive as they were, however many and whatever they hold. */
import { env } from 'cloudflare:workers'
import { asc, eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { contains, insertRows, openDatabase, runBatch } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { segments } from '../../src/storage/segments.ts'

const db = openDatabase(env.DB)

const organisation = (id: number, name: string) => ({
  id,
  uuid: crypto.randomUUID(),
  name,
  createdAt: 1,
})

it('text, numbers, booleans, null and defaults come back as they went', async () => {
  const name = `quotes "'\\, ünï – 🏴, {"json":[1]}\n\t`
  const row = { ...organisation(7001, name), force2fa: true, createdAt: 1795000000123 }
  await runBatch(db, insertRows(db, organisations, [row]))
  const [found] = await db.select().from(organisations).where(eq(organisations.id, 7001))
  expect(found).toEqual({
    ...row,
    webhookNotificationEmail: null,
    persistTraitData: true,
    stopServingFlags: false,
    restrictProjectCreateToAdmin: false,
    auditRetentionDays: 400,
  })
})

it('a JSON column keeps its tree', async () => {
  await runBatch(db, insertRows(db, organisations, [organisation(7002, 'Acme')]))
  await env.DB.prepare(
    "INSERT INTO projects (id, uuid, organisation_id, name, created_at) VALUES (7002, 'u', 7002, 'p', 1)",
  ).run()
  const rules = [{ id: 1, type: 'ALL', rules: [], conditions: [{ id: 2, value: null, odd: 0.5 }] }]
  const row = {
    id: 7002,
    uuid: 'segment',
    projectId: 7002,
    featureId: null,
    name: 's',
    description: null,
    rules,
    createdAt: 1,
    updatedAt: 1,
  }
  await runBatch(db, insertRows(db, segments, [row] as (typeof segments.$inferInsert)[]))
  const [found] = await db.select().from(segments).where(eq(segments.id, 7002))
  expect(found).toEqual(row)
})

it('thousands of rows keep their order in few statements, and a large one has its own', async () => {
  const rows = Array.from({ length: 5000 }, (_, index) => ({
    ledger: 'order',
    sequence: index + 1,
    hash: 'h',
    changeId: 'c',
    action: 'a',
    actorKind: 'system',
    resourceType: 'FEATURE',
    createdAt: 1,
    record: index === 2500 ? JSON.stringify('"'.repeat(300_000)) : '{}',
  }))
  const statements = insertRows(db, entries, rows)
  expect(statements.length).toBeLessThan(6)
  await runBatch(db, statements)
  const found = await db
    .select({ sequence: entries.sequence, size: entries.record })
    .from(entries)
    .where(eq(entries.ledger, 'order'))
    .orderBy(asc(entries.id))
  expect(found.map((row) => row.sequence)).toEqual(rows.map((row) => row.sequence))
  expect(found[2500]?.size.length).toBe(600_002)
})

it('no rows are no statement', () => {
  expect(insertRows(db, entries, [])).toEqual([])
})

describe('whether a text contains a part', () => {
  const long = 'ö'.repeat(24)
  it.each([
    ['Checkout', 'KOU', true],
    ['Checkout', 'kow', false],
    ['Ärger', 'ärger', false],
    ['50% of_it', '0% OF_I', true],
    ['500 of it', '0% of', false],
    ['of it', 'of_it', false],
    ['back\\slash', 'K\\S', true],
    ['backslash', 'k\\s', false],
    ['', '', true],
    ['Checkout', '\0', false],
    // With its two wildcards: 50 bytes, and too many for LIKE.
    [`A${long}b`, long, true],
    [`A${long}b`, `a${long}B`, true],
    [`A${long}b`, `a${long}%`, false],
  ])('%s, %s: %s', async (text, part, holds) => {
    const [found] = await db
      .select({ holds: sql<number>`holds` })
      .from(sql`(SELECT ${contains(sql`${text}`, part)} AS holds)`)
    expect(found).toEqual({ holds: holds ? 1 : 0 })
  })
})
