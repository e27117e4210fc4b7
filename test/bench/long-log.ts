/**
 * A long log that holds: it goes on where a real one ends, with entries like those that are there, chained
 * and committed to as the ledger does it, and the rows that they tell of end as the last of them says.
 */
import type { EntryDraft, JsonObject } from '../../src/domain/write.ts'
import { chainEntries } from '../../src/ledger/chain.ts'
import { insertRows, openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { type Recorded, wholeRecord } from '../../src/storage/records.ts'
import type { Sql } from './server.ts'

/** A line of the log's export. */
export type LogLine = { sequence: number; hash: string; record: string; personal?: string }

/** Of ten entries, as many are about a person. */
const aboutPeople = 1
/** Entries that are written at once. */
const page = 1_000

const db = openDatabase({} as D1Database)

const draftOf = (record: Recorded, told: Pick<EntryDraft, 'before' | 'after'>): EntryDraft => ({
  action: record.action,
  resource: record.resource as EntryDraft['resource'],
  organisationId: record.organisation,
  projectId: record.project,
  environment: record.environment,
  log: record.log,
  ...told,
})

/** Switches the flag and gives it a value of the same length or so. */
const changedState = (before: JsonObject, turn: number, now: number): JsonObject => ({
  ...before,
  enabled: before.enabled !== true,
  type: 'unicode',
  string_value: `Free delivery in week ${turn}`,
  integer_value: null,
  boolean_value: null,
  updated_at: now,
})

/** The last entry of each own state of a flag; and those about traits. */
function templatesOf(lines: LogLine[]) {
  const states = new Map<string, Recorded>()
  const traits: Recorded[] = []
  for (const line of lines) {
    const record = wholeRecord(line)
    if (record.action === 'trait.updated') traits.push(record)
    if (record.action === 'feature-state.updated' && record.after?.identity_id === null) {
      states.set(String(record.resource.id), record)
    }
  }
  return { states: [...states.values()], traits }
}

/** Statements that store the log up to `size`, a page at a time, and last the rows that it ends with. */
export async function* growLog(lines: LogLine[], size: number): AsyncGenerator<Sql[]> {
  const { states, traits } = templatesOf(lines)
  const last = lines.at(-1)
  if (last === undefined || states.length === 0 || traits.length === 0) {
    throw new Error('the log has nothing to go on with')
  }
  const rows = new Map(states.map((state) => [state, state.after ?? {}]))
  const versions = new Map<unknown, number>()
  let now = Date.parse(wholeRecord(last).time)
  let head = { sequence: last.sequence, hash: last.hash }
  while (head.sequence < size) {
    const written: (typeof entries.$inferInsert)[] = []
    while (written.length < page && head.sequence < size) {
      const turn = head.sequence
      const isTrait = turn % 10 < aboutPeople
      const state = states[turn % states.length] as Recorded
      const record = isTrait ? (traits[turn % traits.length] as Recorded) : state
      const before = rows.get(state) ?? {}
      now += 1_000
      const after = changedState(before, turn, now)
      const told = isTrait ? record : { before, after }
      if (!isTrait) {
        rows.set(state, after)
        versions.set(after.feature_id, (versions.get(after.feature_id) ?? 0) + 1)
      }
      const { actor, source } = record
      const change = {
        id: crypto.randomUUID(),
        ledger: record.ledger,
        now,
        actor: actor as Parameters<typeof chainEntries>[0]['actor'],
        source: { requestId: crypto.randomUUID(), ip: source.ip, userAgent: source.user_agent },
        ...(!isTrait && {
          raised: {
            environments: [Number(after.environment_id)],
            features: [Number(after.feature_id)],
          },
        }),
      }
      const chained = await chainEntries(change, [draftOf(record, told)], head)
      head = chained.head
      written.push(...chained.rows)
    }
    yield insertRows(db, entries, written).map((statement) => statement.toSQL())
  }
  const environments = [...rows.values()].map(({ environment_id }) => environment_id)
  const raised = [...versions.values()].reduce((sum, one) => sum + one, 0)
  yield [
    ...[...rows.values()].map((row) => ({
      sql: `UPDATE feature_states SET enabled = ?, type = ?, string_value = ?, integer_value = ?,
        boolean_value = NULL, updated_at = ? WHERE id = ?`,
      params: [
        row.enabled === true ? 1 : 0,
        row.type,
        row.string_value,
        row.integer_value,
        row.updated_at,
        row.id,
      ],
    })),
    ...[...versions].map(([id, by]) => ({
      sql: 'UPDATE features SET version = version + ? WHERE id = ?',
      params: [by, id],
    })),
    {
      sql: 'UPDATE environments SET version = version + ?, updated_at = ? WHERE id = ?',
      params: [raised, now, environments[0]],
    },
  ]
}
