/** The log sink: which lines are owed and written, in what order, and what holds them back. */
import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { fliptEvent } from '../../src/delivery/flipt-event.ts'
import type { Env } from '../../src/env.ts'
import { clearOutbox, type Desk } from '../../src/ledger/act.ts'
import type { Order } from '../../src/ledger/client.ts'
import { takeTurn } from '../../src/ledger/turn.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { outbox } from '../../src/storage/outbox.ts'
import { wholeRecord } from '../../src/storage/records.ts'
import { alice, source } from '../support/world.ts'

const on: Env = { ...env, AUDIT_LOG_SINK: 'true', AUDIT_LOG_SINK_EVENTS: '*:*' }
const lines: string[] = []
const errors: string[] = []

beforeEach(() => {
  lines.length = 0
  errors.length = 0
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  vi.spyOn(console, 'error').mockImplementation((line) => void errors.push(line))
})

afterEach(() => vi.restoreAllMocks())

let next = 600_000
const newLedger = () => `organisation:${next++}`

const deskOf = (ledger: string, settings: Env = on): Desk => ({
  env: settings,
  db: openDatabase(settings.DB),
  ledger,
  publishedAt: new Map(),
  told: new Map(),
  mailedAt: new Map(),
})

async function commit(desk: Pick<Desk, 'env' | 'db'>, order: Order) {
  const book = { ...desk, memory: { standing: null }, arm: async () => undefined }
  const [answer] = await takeTurn(book, [order])
  if (answer?.status !== 'fulfilled' || answer.value.kind !== 'ok') throw new Error('refused')
  return answer.value.value
}

/** Makes a project, whose environment and key are entries of their own; commits and does no more. */
async function createProject({ ledger, env: settings, db }: Desk, name: string) {
  const organisationId = Number(ledger.split(':')[1])
  await env.DB.prepare(
    'INSERT OR IGNORE INTO organisations (id, uuid, name, created_at) VALUES (?, ?, ?, 1)',
  )
    .bind(organisationId, crypto.randomUUID(), ledger)
    .run()
  const input = { organisationId, settings: { name } }
  return commit(
    { env: settings, db },
    { ledger, write: 'project.create', input, actor: alice, source },
  )
}

const owedTo = async (ledger: string) =>
  (
    await openDatabase(env.DB)
      .select()
      .from(outbox)
      .where(eq(outbox.ledger, ledger))
      .orderBy(asc(outbox.id))
  ).flatMap(({ kind, target }) => (kind === 'tell' ? [target] : []))

const rowsOf = (ledger: string) =>
  openDatabase(env.DB)
    .select()
    .from(entries)
    .where(eq(entries.ledger, ledger))
    .orderBy(asc(entries.sequence))

/** Names of what the lines are about, in their order. */
const told = () => lines.map((line) => JSON.parse(line).payload.name)

/** As many entries as asked for, called flag_1, flag_2, … like those of a large import. */
async function fill(ledger: string, count: number) {
  await createProject(deskOf(ledger, env), 'Model')
  await env.DB.prepare(`
    INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, resource_type,
      created_at, record)
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT ledger, i, hash || i, change_id, action, actor_kind, resource_type, created_at,
      json_set(record, '$.resource.name', 'flag_' || i)
    FROM n, entries WHERE ledger = ? AND sequence = 1`)
    .bind(count, ledger)
    .run()
}

const owe = (ledger: string, ...targets: string[]) =>
  openDatabase(env.DB)
    .insert(outbox)
    .values(targets.map((target) => ({ ledger, kind: 'tell' as const, target, createdAt: 1 })))

it('is off unless the operator switches it on: nothing is owed, no line is written', async () => {
  expect(env.AUDIT_LOG_SINK).toBe('false')
  const desk = deskOf(newLedger(), env)
  expect(await createProject(desk, 'Website')).toMatchObject({ owes: false })
  expect(await owedTo(desk.ledger)).toEqual([])
  await clearOutbox(desk)
  expect(lines).toEqual([])
})

it('has one line for every entry, Flipt’s event and nothing else, in the order of the log', async () => {
  const desk = deskOf(newLedger())
  expect(await createProject(desk, 'Line\nbreak')).toMatchObject({ owes: true })
  await createProject(desk, 'Second')
  const rows = await rowsOf(desk.ledger)
  const half = rows.length / 2
  expect(await owedTo(desk.ledger)).toEqual([`1-${half}`, `${half + 1}-${rows.length}`])
  expect(await clearOutbox(desk)).toBeNull()
  expect(lines).toEqual(rows.map((row) => JSON.stringify(fliptEvent(wholeRecord(row)))))
  expect(lines[0]).toMatch(/^\{"version":"0\.2","type":"namespace","action":"created",.*\}$/)
  expect(JSON.parse(lines[0] ?? '').metadata.actor).toMatchObject({
    email: 'alice@example.com',
    ip: '192.0.2.1',
  })
  expect(await owedTo(desk.ledger)).toEqual([])
  await clearOutbox(desk)
  expect(lines).toHaveLength(rows.length)
})

it('has what was refused too, as denied', async () => {
  const desk = deskOf(newLedger())
  const resource = { type: 'SESSION' as const, id: null, uuid: null, name: 'bob@example.com' }
  const about = { resource, organisationId: null, projectId: null, environment: null }
  const input = { action: 'session.denied' as const, about, log: 'Login failed', unrecorded: 0 }
  const { ledger } = desk
  await commit(desk, { ledger, write: 'attempt.record', input, actor: alice, source })
  await clearOutbox(desk)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { type: 'session', action: 'denied', status: 'denied', payload: { name: 'bob@example.com' } },
  ])
})

it('writes what its patterns ask for, and names a pattern that is none', async () => {
  const events = 'flag:*  namespace:cre* *:created nonsense a:b:c :x'
  const desk = deskOf(newLedger(), { ...on, AUDIT_LOG_SINK_EVENTS: events })
  await createProject(desk, 'Website')
  await clearOutbox(desk)
  expect(told()).toContain('Website')
  expect(errors.map((line) => JSON.parse(line))).toEqual(
    ['nonsense', 'a:b:c', ':x'].map((pattern) =>
      expect.objectContaining({ event: 'audit-log-sink.pattern-refused', pattern }),
    ),
  )
  lines.length = 0
  const none = deskOf(newLedger(), { ...on, AUDIT_LOG_SINK_EVENTS: 'flag:* nonsense' })
  await createProject(none, 'Website')
  expect(await clearOutbox(none)).toBeNull()
  expect(lines).toEqual([])
  expect(errors).toHaveLength(3)
  const blank = deskOf(newLedger(), { ...on, AUDIT_LOG_SINK_EVENTS: ' ' })
  await createProject(blank, 'Website')
  await clearOutbox(blank)
  expect(told()).toContain('Website')
})

it('writes no more at a time than the platform keeps, and goes on where it stopped', async () => {
  const ledger = newLedger()
  await fill(ledger, 1_500)
  await owe(ledger, '2-1400', '1401-1500')
  const desk = deskOf(ledger)
  const rounds: number[] = []
  for (let wake: number | null = 0; wake !== null; ) {
    const before = lines.length
    wake = await clearOutbox(desk)
    rounds.push(lines.slice(before).join('').length)
    if (wake !== null) expect(wake).toBeLessThanOrEqual(Date.now())
  }
  expect(rounds.length).toBeGreaterThan(3)
  expect(Math.max(...rounds)).toBeLessThan(70_000)
  expect(told()).toEqual(Array.from({ length: 1_499 }, (_, index) => `flag_${index + 2}`))
  expect(await owedTo(ledger)).toEqual([])
})

it('holds later lines back when earlier ones cannot be read, and writes all of them afterwards', async () => {
  const ledger = newLedger()
  await fill(ledger, 5)
  await owe(ledger, '2-3', '4-5')
  let failures = 1
  const failing = new Proxy(env.DB, {
    get: (target, name) => {
      if (name !== 'prepare') return Reflect.get(target, name).bind(target)
      return (text: string) => {
        if (text.includes('octet_length') && failures-- > 0) throw new Error('D1 is away')
        return target.prepare(text)
      }
    },
  })
  const desk = deskOf(ledger, { ...on, DB: failing })
  expect(await clearOutbox(desk)).toBeGreaterThan(Date.now())
  expect(lines).toEqual([])
  expect(JSON.parse(errors[0] ?? '')).toMatchObject({ kind: 'tell', target: '2-3' })
  expect(await owedTo(ledger)).toEqual(['2-3', '4-5'])
  expect(await clearOutbox(desk)).toBeNull()
  expect(told()).toEqual(['flag_2', 'flag_3', 'flag_4', 'flag_5'])
})
