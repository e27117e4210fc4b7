/**
 * A Worker that commits changes of feature states as the ledger does, with their audit entries or with
 * everything but those, and counts how often it asks D1. It takes no turns: nobody else may write.
 */
import { updateFeatureState } from '../../src/domain/feature-states.ts'
import type { Context } from '../../src/domain/write.ts'
import { noHash } from '../../src/ledger/chain.ts'
import { toBatch } from '../../src/ledger/commit.ts'
import { openDatabase, runBatch } from '../../src/storage/database.ts'
import { findHead } from '../../src/storage/entries.ts'
import { reserveIds } from '../../src/storage/ids.ts'

// wrangler.toml binds it, so whatever is bundled has to have it.
export { Ledger } from '../../src/ledger/ledger.ts'

export type CommitQuestion = {
  ledger: string
  environmentId: number
  stateIds: number[]
  /** One is made after the other. */
  changes: number
  hasEntries: boolean
}

export type CommitAnswer = { roundTrips: number; entries: number }

let asked = 0

/** Counts the calls of these methods, whoever makes them. */
function count(owner: object, names: string[]): void {
  const methods = Object.getPrototypeOf(owner) as Record<string, (...args: unknown[]) => unknown>
  for (const name of names) {
    const method = methods[name]
    methods[name] = function (this: unknown, ...args) {
      asked++
      return method?.apply(this, args)
    }
  }
}

let isCounting = false

function countRoundTrips(d1: D1Database): void {
  if (!isCounting) {
    count(d1, ['batch'])
    count(d1.prepare('SELECT 1'), ['all', 'first', 'raw', 'run'])
  }
  isCounting = true
  asked = 0
}

async function commit(d1: D1Database, question: CommitQuestion): Promise<CommitAnswer> {
  const { ledger, environmentId, stateIds, changes, hasEntries } = question
  const db = openDatabase(d1)
  let head = (await findHead(db, ledger)) ?? { sequence: 0, hash: noHash }
  const before = head.sequence
  countRoundTrips(d1)
  const actor = {
    kind: 'user',
    id: '1',
    credential: 'token:0123456789ab',
    name: 'ada@example.com',
  } as const
  const source = { requestId: crypto.randomUUID(), ip: '192.0.2.1', userAgent: 'bench' }
  for (let index = 0; index < changes; index++) {
    const now = Date.now()
    const context: Context = {
      db,
      now,
      actor,
      secret: '',
      reserve: (counts) => reserveIds(db, counts),
      homes: [],
    }
    const value = `value of change ${crypto.randomUUID()}`
    const id = stateIds[index % stateIds.length] ?? 0
    const planned = await updateFeatureState(context, {
      environmentId,
      id,
      changes: { value },
    })
    if (planned.kind !== 'ok') throw new Error(`the change was refused: ${planned.kind}`)
    const plan = hasEntries ? planned.value : { ...planned.value, entries: [] }
    const change = { id: crypto.randomUUID(), ledger, now, actor, source }
    const batch = await toBatch(db, [{ change, plan }], { head, listeners: [] })
    await runBatch(db, batch.statements)
    head = batch.head
  }
  return { roundTrips: asked, entries: head.sequence - before }
}

export default {
  fetch: async (request: Request, env: { DB: D1Database }): Promise<Response> =>
    Response.json(await commit(env.DB, await request.json())),
}
