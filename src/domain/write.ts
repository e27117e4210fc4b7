/**
 * What a write is: a named admin change, `(context, input) → Plan or Refusal`. It reads, checks the
 * rules and says what would happen; it never executes a statement. The ledger does.
 */

import type { Outcome } from '../outcome.ts'
import type { Database, Statement } from '../storage/database.ts'
import type { EventType } from '../storage/events.ts'
import type { IdentityHome } from '../storage/identity-homes.ts'
import type { IdName } from '../storage/ids.ts'
import type { OutboxKind } from '../storage/outbox.ts'
import type { Json, JsonObject } from '../storage/records.ts'

export type { Json, JsonObject }

/** Who is asking, as of now: kept in the entry even when the user or key is gone later. */
export type Actor = {
  kind: 'user' | 'organisation-key' | 'system'
  /** User id, or the key's public prefix. */
  id: string | null
  /**
   * What the request was made with, not so that it could be used: `token:` and the first 12 hex digits
   * of a session token's hash, `key:` and a key's prefix. Null for the system.
   */
  credential: string | null
  /** E-mail address of a user, name of a key. */
  name: string
}

/** Where the request came from. */
export type Source = { requestId: string; ip: string | null; userAgent: string | null }

export type Context = {
  db: Database
  /** Epoch milliseconds of the change. */
  now: number
  actor: Actor
  /** The instance's secret, for columns that are stored sealed. */
  secret: string
  /** Reserves public ids; answers the first of each block. */
  reserve: <N extends IdName>(counts: Record<N, number>) => Promise<Record<N, number>>
  /** The databases with identities. */
  homes: IdentityHome[]
}

/** The original's resource types (admin-api §C.2) and ours for what it does not audit. */
export type ResourceType =
  | 'FEATURE'
  | 'FEATURE_STATE'
  | 'SEGMENT'
  | 'FEATURE_SEGMENT'
  | 'ENVIRONMENT'
  | 'PROJECT'
  | 'ORGANISATION'
  | 'USER'
  | 'SESSION'
  | 'ORGANISATION_KEY'
  | 'ENVIRONMENT_KEY'
  | 'WEBHOOK'
  | 'TAG'
  | 'IDENTITY'
  | 'TRAIT'
  | 'GROUP'
  | 'PERMISSION'
  | 'MEMBERSHIP'
  | 'INVITE'
  | 'IMPORT_REQUEST'
  | 'AUDIT_LOG'
  | 'INSTANCE'

/** One line of the audit log before it has its place in the chain. */
export type EntryDraft = {
  action: string
  /** Left out: it was done. */
  outcome?: 'ok' | 'denied'
  resource: { type: ResourceType; id: string | null; uuid: string | null; name: string }
  organisationId: number | null
  projectId: number | null
  environment: { id: number; name: string } | null
  /** The original's log text (admin-api §C.3), or ours where it has none. */
  log: string
  before: JsonObject | null
  after: JsonObject | null
  /** The sequence of the entry that it takes back. */
  reverts?: number
  /**
   * Rows that change along and that before and after do not show: nobody is told them in a list, and
   * yet the log alone says how the database stands (ledger/fold.ts).
   */
  rows?: { before: JsonObject | null; after: JsonObject | null }
}

/** What an entry is about and where that stands: all but what was done to it. */
export type About = Omit<
  EntryDraft,
  'action' | 'outcome' | 'log' | 'before' | 'after' | 'reverts' | 'rows'
>

/** A webhook event before its bytes are frozen; `data` is the contract's (admin-api §C.5). */
export type EventDraft = { type: EventType; environmentId: number; data: JsonObject }

/** What is to be done once the change is committed, beside publishing and events. */
export type NewDebt = { kind: OutboxKind; target: string }

export type Plan<T> = {
  result: T
  statements: Statement[]
  entries: EntryDraft[]
  /** Features that the change is about: their version rises, and If-Match is held against it. */
  features?: number[]
  /** Environments whose document changes: their version rises and they are published. */
  publish: number[]
  events: EventDraft[]
  debts?: NewDebt[]
}

export type Write<I, T> = (context: Context, input: I) => Promise<Outcome<Plan<T>>>

/** A plan that changes nothing: a request that asks for what already is. */
export const nothingToDo = <T>(result: T, features: number[] = []): Plan<T> => ({
  result,
  features,
  statements: [],
  entries: [],
  publish: [],
  events: [],
})
