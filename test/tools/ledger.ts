/** A ledger in plain Node: real writes on a real database, D1 being played by node:sqlite. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { InputOf, ResultOf, WriteName } from '../../src/domain/register.ts'
import type { Env } from '../../src/env.ts'
import { instanceLedger, ledgerOf, type Order } from '../../src/ledger/client.ts'
import { type Book, takeTurn } from '../../src/ledger/turn.ts'
import { openDatabase } from '../../src/storage/database.ts'

const migrations = join(import.meta.dirname, '../../migrations')

type Row = Record<string, unknown>

const statementOf = (db: DatabaseSync, text: string, values: SQLInputValue[] = []) => {
  const prepare = (asArrays: boolean): StatementSync => {
    const statement = db.prepare(text)
    statement.setReturnArrays(asArrays)
    return statement
  }
  const all = () => ({ success: true, meta: {}, results: prepare(false).all(...values) as Row[] })
  return {
    bind: (...bound: SQLInputValue[]) => statementOf(db, text, bound),
    all: async () => all(),
    run: async () => all(),
    raw: async () => prepare(true).all(...values),
    now: all,
  }
}

type Statement = ReturnType<typeof statementOf>

export const playD1 = (db: DatabaseSync) =>
  ({
    prepare: (text: string) => statementOf(db, text),
    batch: async (statements: Statement[]) => {
      db.exec('BEGIN')
      try {
        const results = statements.map((statement) => statement.now())
        db.exec('COMMIT')
        return results
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
  }) as unknown as D1Database

const actor = {
  kind: 'user' as const,
  id: '1',
  name: 'ann@example.com',
  credential: 'token:0123456789ab',
}
const source = { requestId: 'test', ip: '192.0.2.1', userAgent: 'test' }

export type TestLedger = {
  db: DatabaseSync
  /** `organisationId` null: in the ledger of the instance. */
  write: <N extends WriteName>(
    organisationId: number | null,
    write: N,
    input: InputOf<N>,
  ) => Promise<ResultOf<N>>
  /** One turn for all of them. */
  together: <N extends WriteName>(
    organisationId: number,
    write: N,
    inputs: InputOf<N>[],
  ) => Promise<void>
}

/** A new database at the path, with every migration; nothing is published and the outbox only grows. */
export function createLedger(path: string): TestLedger {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  for (const name of readdirSync(migrations).sort()) {
    db.exec(readFileSync(join(migrations, name), 'utf8'))
  }
  const d1 = playD1(db)
  const env = { DB: d1, BURGEE_SECRET: 'a secret of the tests' } as unknown as Env
  const memories = new Map<string, Book['memory']>()
  const take = async (orders: Order[]) => {
    const ledger = orders[0]?.ledger ?? ''
    const memory = memories.get(ledger) ?? { standing: null }
    memories.set(ledger, memory)
    const book: Book = { env, db: openDatabase(d1), memory, arm: async () => undefined }
    return (await takeTurn(book, orders)).map((answer) => {
      if (answer.status === 'rejected') throw answer.reason
      if (answer.value.kind !== 'ok') throw new Error(JSON.stringify(answer.value))
      return answer.value.value.result
    })
  }
  const toOrder = (organisationId: number | null, write: WriteName, input: unknown): Order => {
    const ledger = organisationId === null ? instanceLedger : ledgerOf(organisationId)
    return { ledger, write, input, actor, source }
  }
  return {
    db,
    async write(organisationId, write, input) {
      const [result] = await take([toOrder(organisationId, write, input)])
      return result as ResultOf<typeof write>
    },
    async together(organisationId, write, inputs) {
      await take(inputs.map((input) => toOrder(organisationId, write, input)))
    },
  }
}

export const newFeature = (name: string, options: object[] = []) => ({
  name,
  type: 'STANDARD' as const,
  description: null,
  initialValue: 'blue',
  defaultEnabled: false,
  isArchived: false,
  isServerKeyOnly: false,
  options,
})

export type Filled = { organisationId: number; environmentId: number; stateIds: number[] }

/** Something of everything that the log tells, in one organisation; `features` flags. */
export async function fill({ db, write }: TestLedger, features: number): Promise<Filled> {
  const user = { firstName: 'Ann', lastName: 'Berg', passwordHash: 'x', signUpType: null }
  const email = 'ann@example.com'
  const account = { ...user, id: 1, email, tokenHash: 'a token', inviteHash: null }
  await write(null, 'user.create', account)
  await write(null, 'session.create', { userId: 1, tokenHash: 'another token' })
  const organisationId = 1
  const own = { id: 1, creatorId: 1, settings: { name: 'Acme' } }
  await write(organisationId, 'organisation.create', own)
  const group = await write(organisationId, 'group.create', {
    organisationId,
    settings: { name: 'Crew' },
  })
  await write(organisationId, 'group.add-users', { organisationId, id: group.id, userIds: [1] })
  await write(organisationId, 'invite.create', {
    organisationId,
    invitedBy: 1,
    drafts: [{ email: 'bob@example.com', hash: 'h', role: 'USER', groupIds: [group.id] }],
  })
  const project = await write(organisationId, 'project.create', {
    organisationId,
    settings: { name: 'Shop' },
  })
  const projectId = project.id
  const settings = { label: 'tag', color: '#fff', description: null, isPermanent: false }
  const tag = await write(organisationId, 'tag.create', { projectId, settings })
  for (let index = 0; index < features; index++) {
    const options = index % 3 === 0 ? [{ stringValue: 'a', defaultPercentageAllocation: 12.5 }] : []
    const feature = { ...newFeature(`feature_${index}`, options), tags: [tag.id] }
    await write(organisationId, 'feature.create', { projectId, feature })
  }
  const environment = await write(organisationId, 'environment.create', {
    projectId,
    settings: { name: 'Production' },
  })
  const environmentId = environment.id
  const segment = await write(organisationId, 'segment.create', {
    projectId,
    featureId: null,
    settings: { name: 'Gold', description: null, rules: [{ type: 'ALL', a: 1, conditions: [] }] },
  })
  const stateIds = db
    .prepare('SELECT id FROM feature_states ORDER BY id')
    .all()
    .map((row) => Number(row.id))
  const { featureId } = db.prepare('SELECT feature_id AS featureId FROM feature_states').get() as {
    featureId: number
  }
  const place = { environmentId, featureId, segmentId: segment.id }
  const changes = { enabled: true, value: 'gold' }
  await write(organisationId, 'segment-override.create', { ...place, changes })
  await write(organisationId, 'environment-key.rotate', { environmentId, leewayHours: 1 })
  await write(organisationId, 'webhook.create', {
    home: { organisationId, environmentId },
    settings: { url: 'https://example.com/', sealedSecret: 'sealed' },
  })
  await write(organisationId, 'environment.clone', { id: environmentId, name: 'Staging' })
  return { organisationId, environmentId, stateIds }
}
