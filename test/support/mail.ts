/** A mailbox behind the simulated binding: what a ledger, or a test in its place, gave to the mail service. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'

import { clearOutbox } from '../../src/ledger/act.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { outbox } from '../../src/storage/outbox.ts'

type Message = Parameters<SendEmail['send']>[0] & {
  from: { email: string }
  to: string
  subject: string
  text: string
}

export type Mailbox = {
  messages: Message[]
  results: EmailSendResult[]
  settings: { EMAIL?: SendEmail; MAIL_FROM?: string }
}

/** What `fails` answers is thrown, and the mail does not go; `hangs` answers nothing, ever. */
export function createMailbox(behave: { fails?: () => unknown; hangs?: boolean } = {}): Mailbox {
  const mailbox: Mailbox = { messages: [], results: [], settings: {} }
  const send = async (message: unknown): Promise<EmailSendResult> => {
    mailbox.messages.push(message as Message)
    if (behave.hangs === true) return new Promise(() => undefined)
    const failure = behave.fails?.()
    if (failure !== undefined) throw failure
    const result = await (env.EMAIL as SendEmail).send(message as Message)
    mailbox.results.push(result)
    return result
  }
  mailbox.settings = { EMAIL: { send } as SendEmail }
  return mailbox
}

/** From now on the ledger sends by this, until it dies. */
export const giveMailbox = (ledger: string, { settings }: Mailbox): Promise<void> =>
  runInDurableObject(env.LEDGER.getByName(ledger), (instance) => {
    Object.assign(instance, { env: { ...env, ...settings } })
  })

/** As a ledger that has been evicted and remembers nothing. */
export const freshDesk = (ledger: string, { settings }: Mailbox) => ({
  env: { ...env, ...settings },
  db: openDatabase(env.DB),
  ledger,
  publishedAt: new Map(),
  told: new Map(),
  mailedAt: new Map(),
})

export const tryAgain = (ledger: string, mailbox: Mailbox): Promise<number | null> =>
  clearOutbox(freshDesk(ledger, mailbox))

export const owedMail = async (ledger: string): Promise<string[]> =>
  (await openDatabase(env.DB).select().from(outbox).where(eq(outbox.ledger, ledger)))
    .filter(({ kind }) => kind === 'mail')
    .map(({ target }) => target)
