/** The bindings of wrangler.toml, as the Worker and its Durable Objects see them. */
import type { Ledger } from './ledger/ledger.ts'

export type Env = {
  DB: D1Database
  /** Published documents and the pointers from SDK keys to them. */
  DOCUMENTS: KVNamespace
  LEDGER: DurableObjectNamespace<Ledger>
  DELIVERIES: Queue<DeliveryMessage>
  LOGIN_LIMIT: RateLimit
  /** Making invites, and joining by them. */
  INVITE_LIMIT: RateLimit
  /** Testing webhook endpoints. */
  TEST_LIMIT: RateLimit
  /** 32 random bytes in base64: seals what must be readable again (webhook secrets, server-side keys). */
  BURGEE_SECRET: string
  /** 'true' lets webhooks reach private and loopback addresses. */
  ALLOW_PRIVATE_WEBHOOKS: string
  /** No organisation may keep its audit log for fewer days than this. */
  AUDIT_RETENTION_FLOOR_DAYS: string
  /** 'true' writes every audit entry to the Worker's log as well, as an event of Flipt's. */
  AUDIT_LOG_SINK: string
  /** Which of them: patterns `noun:verb` with blanks between, `*` for any part of either. */
  AUDIT_LOG_SINK_EVENTS?: string
  /** Sends mail; not every account can have it, so a deployment has it only with `MAIL_FROM`. */
  EMAIL?: SendEmail
  /** The address that mail comes from; empty: none is sent. */
  MAIL_FROM: string
  COMMIT: string
  /** Databases for identities, numbered from 0 without gaps; none: they live in `DB`. */
  [shard: `IDENTITIES_${number}`]: D1Database
}

/** The queue carries ids only; whoever receives one reads the present truth. */
export type DeliveryMessage = { deliveryId: string }
