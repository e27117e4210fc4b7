/**
 * One turn of the ledger: a group of orders that have nothing in common is planned against one head
 * and committed in one batch. If that fails, each order is tried alone, so that no order's fault is
 * another's. It decides no rules; those are the writes' (domain).
 */

import { isLogSinkOn } from '../delivery/log-sink.ts'
import { type AnyWrite, writes } from '../domain/register.ts'
import type { Context } from '../domain/write.ts'
import type { Env } from '../env.ts'
import { reasonOf } from '../log.ts'
import { type Outcome, ok } from '../outcome.ts'
import { type Database, runBatch } from '../storage/database.ts'
import { findHead, findHeadOfChange, type Head } from '../storage/entries.ts'
import { listListeners } from '../storage/events.ts'
import { identityHomes } from '../storage/identity-homes.ts'
import { reserveIds } from '../storage/ids.ts'
import { type FeatureVersion, listFeatureVersions } from '../storage/versions.ts'
import { noHash } from './chain.ts'
import { type Committed, type Order, organisationOf } from './client.ts'
import { oweLines, type Planned, type Standing, toBatch } from './commit.ts'
import { refuseStale } from './precondition.ts'

/** What a turn works with. */
export type Book = {
  env: Env
  db: Database
  /** How the ledger stands, as far as the object knows: forgotten whenever a batch fails. */
  memory: { standing: Standing | null }
  /** Sets the alarm that looks after the change if nothing else does. */
  arm: () => Promise<void>
}

/** `owes`: effects are still to come. */
export type Done = Outcome<Committed<unknown> & { owes: boolean }>
type Answer = PromiseSettledResult<Done>

/** A batch that lost against another live object of the same ledger is planned anew. */
const maxAttempts = 5
/** D1 takes no more in one batch. */
const maxStatements = 1_000

type Task = Planned['change'] & { order: Order }
type Ready = Planned & { versions: FeatureVersion[] }

/** Versions are read only where they are asked for: a change that is made answers its own. */
async function plan({ env, db }: Book, { order, ...change }: Task): Promise<Outcome<Ready>> {
  const context: Context = {
    db,
    now: change.now,
    actor: order.actor,
    secret: env.BURGEE_SECRET,
    reserve: (counts) => reserveIds(db, counts),
    homes: identityHomes(env),
  }
  const planned = await (writes[order.write] as AnyWrite)(context, order.input)
  if (planned.kind !== 'ok') return planned
  const { features = [], entries } = planned.value
  const asked = order.ifMatch !== undefined || entries.length === 0
  const versions = asked && features.length > 0 ? await listFeatureVersions(db, features) : []
  const refusal = order.ifMatch && refuseStale(order.ifMatch, versions)
  return refusal ?? ok({ change, plan: planned.value, versions })
}

/** Listeners are read after the head: an endpoint that comes in between makes the batch collide. */
async function readStanding(db: Database, ledger: string): Promise<Standing> {
  const head = (await findHead(db, ledger)) ?? { sequence: 0, hash: noHash }
  const organisationId = organisationOf(ledger)
  return { head, listeners: organisationId === null ? [] : await listListeners(db, organisationId) }
}

/** The new versions of each change's features, or the error of a batch that is not in the log. */
async function commit(
  { env, db, memory }: Book,
  changes: Planned[],
  standing: Standing,
): Promise<{ versions: FeatureVersion[][]; isHeard: boolean } | { error: unknown }> {
  try {
    const batch = await toBatch(db, changes, standing)
    const heads: [Head, Head] = [standing.head, batch.head]
    if (isLogSinkOn(env)) batch.statements.push(...oweLines(db, changes, heads))
    if (changes.length > 1 && batch.statements.length > maxStatements) {
      return { error: new Error('too many statements for one batch') }
    }
    memory.standing = null
    const results = (await runBatch(db, batch.statements)) as FeatureVersion[][]
    memory.standing = batch.standing
    const versions = batch.raised.map((place) => (place === null ? [] : (results[place] ?? [])))
    return { versions, isHeard: batch.isHeard }
  } catch (error) {
    // The answer may be lost although the batch took effect: only the log itself knows. A batch is
    // all or nothing, so its last change speaks for all.
    const last = changes.at(-1)
    const committed = last && (await findHeadOfChange(db, last.change.id))
    if (committed === undefined) return { error }
    return { versions: [], isHeard: true }
  }
}

/** Everything planned against one head and committed in one batch; or the error of that batch. */
async function attempt(book: Book, tasks: Task[]): Promise<Answer[] | { error: unknown }> {
  const [first] = tasks
  const ledger = first?.ledger ?? ''
  // Read before the plans' own reads: whatever another object commits in between then collides.
  const standing = book.memory.standing ?? (await readStanding(book.db, ledger))
  const planned = await Promise.allSettled(tasks.map((task) => plan(book, task)))
  const ready = planned.flatMap((one) =>
    one.status === 'fulfilled' && one.value.kind === 'ok' ? [one.value.value] : [],
  )
  const changes = ready.filter((one) => one.plan.entries.length > 0)
  const versions = new Map(ready.map((one) => [one, one.versions]))
  let isHeard = false
  if (changes.length > 0) {
    await book.arm()
    const committed = await commit(book, changes, standing)
    if ('error' in committed) return committed
    isHeard = committed.isHeard
    for (const [place, change] of changes.entries()) {
      versions.set(change, committed.versions[place] ?? [])
    }
  }
  return planned.map((one): Answer => {
    if (one.status === 'rejected' || one.value.kind !== 'ok') return one as Answer
    const { value } = one.value
    const { result, entries, publish, debts = [] } = value.plan
    const lines = isLogSinkOn(book.env) ? entries.length : 0
    const owes = isHeard || publish.length + debts.length + lines > 0
    return {
      status: 'fulfilled',
      value: ok({ result, change: value.change.id, features: versions.get(value) ?? [], owes }),
    }
  })
}

async function takeAlone(book: Book, task: Task): Promise<Answer[]> {
  for (let left = maxAttempts; ; left--) {
    const answers = await attempt(book, [task]).catch((reason) => [
      { status: 'rejected' as const, reason },
    ])
    if (Array.isArray(answers)) return answers
    if (left === 1 || !/UNIQUE constraint/.test(reasonOf(answers.error))) {
      return [{ status: 'rejected', reason: answers.error }]
    }
  }
}

/** Answers the orders one by one. Throws when the outcome of the whole group is unknown. */
export async function takeTurn(book: Book, orders: Order[]): Promise<Answer[]> {
  // One time for all: what a batch raises, it raises for all its changes at once.
  const now = Date.now()
  const tasks = orders.map((order) => {
    const { ledger, actor, source } = order
    return { id: crypto.randomUUID(), ledger, actor, source, now, order }
  })
  if (tasks.length > 1) {
    const answers = await attempt(book, tasks)
    if (Array.isArray(answers)) return answers
  }
  const alone: Answer[] = []
  for (const task of tasks) alone.push(...(await takeAlone(book, task)))
  return alone
}
