/** Endpoints that the system switches off, and what happens when somebody switches them on again. */
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { clearOutbox } from '../../src/ledger/act.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { disableHopeless } from '../../src/ledger/disabling.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { deliveries } from '../../src/storage/deliveries.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { entries } from '../../src/storage/entries.ts'
import { memberships } from '../../src/storage/organisations.ts'
import { outbox } from '../../src/storage/outbox.ts'
import { webhookHealth } from '../../src/storage/webhook-health.ts'
import { webhooks } from '../../src/storage/webhooks.ts'
import { addMember, addUser } from '../support/admin.ts'
import { settle } from '../support/invariants.ts'
import {
  createMailbox,
  freshDesk,
  giveMailbox,
  type Mailbox,
  owedMail,
  tryAgain,
} from '../support/mail.ts'
import { createFlagWorld, write } from '../support/world.ts'

const day = 24 * 60 * 60 * 1_000
const now = Date.UTC(2026, 10, 20, 12, 0, 0)

const db = () => openDatabase(env.DB)

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

type Health = Partial<typeof webhookHealth.$inferInsert>

/** An endpoint of which so many attempts failed, and what is known of it. */
async function createEndpoint(health: Health, { attempts = 5, ofOrganisation = false } = {}) {
  const world = await createFlagWorld()
  const { organisationId } = world
  const home = { organisationId, environmentId: ofOrganisation ? null : world.environment.id }
  const settings = { url: 'http://127.0.0.1:9/hook' }
  const { id } = await write(organisationId, 'webhook.create', { home, settings })
  await db()
    .insert(webhookHealth)
    .values({ webhookId: id, ...health })
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO events
         (id, type, organisation_id, environment_id, action, change_id, created_at)
       VALUES (?, 'FLAG_UPDATED', ?, ?, 'feature-state.updated', 'c', 1)`,
    ).bind(`evt_${id}`, organisationId, world.environment.id),
    env.DB.prepare("INSERT INTO event_bodies VALUES (?, 'flagsmith', '{}')").bind(`evt_${id}`),
    env.DB.prepare(
      `INSERT INTO deliveries
         (id, event_id, webhook_id, environment_id, sequence, state, attempts, next_attempt_at,
          created_at)
       VALUES (?, ?, ?, ?, 1, 'waiting', ?, 1, 1)`,
    ).bind(`dlv_${id}`, `evt_${id}`, id, world.environment.id, attempts),
    env.DB.prepare(
      `INSERT INTO attempts (delivery_id, number, started_at, ended_at, outcome)
       SELECT ?, value, ?, ?, 'failed' FROM json_each(?)`,
    ).bind(
      `dlv_${id}`,
      ...[now - day, now - day, JSON.stringify(Array.from({ length: attempts }, (_, i) => i + 1))],
    ),
  ])
  return { id, home, world }
}

const rowOf = async (id: number) =>
  (await db().select().from(webhooks).where(eq(webhooks.id, id)))[0]

const lastRecord = async (organisationId: number) => {
  const ledger = ledgerOf(organisationId)
  const rows = await db().select().from(entries).where(eq(entries.ledger, ledger))
  return JSON.parse(rows.sort((a, b) => a.sequence - b.sequence).at(-1)?.record ?? '{}')
}

describe('switching off', () => {
  const long = { failingSince: now - 5 * day, lastFailureAt: now - day }

  it.each<[string, Health, object, boolean]>([
    ['five days without a success', long, {}, true],
    ['less than five days', { ...long, failingSince: now - 5 * day + 1 }, {}, false],
    ['five days with hardly an attempt', long, { attempts: 4 }, false],
    ['no failure since the last success', { lastSuccessAt: now - 9 * day }, {}, false],
    ['a receiver that is gone', { goneAt: now }, { attempts: 1 }, true],
    ['an endpoint of an organisation', long, { ofOrganisation: true }, true],
  ])('%s', async (_, health, how, off) => {
    const { id, world } = await createEndpoint(health, how)
    await disableHopeless(env, now)
    const reason = health.goneAt === undefined ? 'failing' : 'gone'
    expect(await rowOf(id)).toMatchObject({
      enabled: !off,
      disabledReason: off ? reason : null,
    })
    const record = await lastRecord(world.organisationId)
    expect(record.action).toBe(off ? 'webhook.disabled' : 'webhook.created')
    if (!off) return
    expect(record).toMatchObject({
      actor: { kind: 'system' },
      resource: { type: 'WEBHOOK', id: String(id) },
      after: { enabled: false, disabled_reason: reason },
    })
    // Once is enough.
    await disableHopeless(env, now)
    expect(await lastRecord(world.organisationId)).toEqual(record)
  })
})

describe('switching on again', () => {
  it('forgets what was wrong and sends what waits', async () => {
    const { id, home, world } = await createEndpoint({
      goneAt: now,
      breakerState: 'open',
      breakerUntil: Date.now() + day,
    })
    await disableHopeless(env, now)
    const settings = { enabled: true }
    await write(world.organisationId, 'webhook.update', { home, id, settings })
    await settle(ledgerOf(world.organisationId))
    expect(await rowOf(id)).toMatchObject({ enabled: true, disabledReason: null })
    // Rung for through the real queue: nobody listens there, so the attempt fails and is recorded.
    await vi.waitFor(
      async () => {
        const [row] = await db().select().from(deliveries).where(eq(deliveries.webhookId, id))
        expect(row).toMatchObject({ state: 'waiting', attempts: 6 })
      },
      { timeout: 8_000, interval: 50 },
    )
  })
})

describe('the mail about it', () => {
  /** An endpoint that is gone, in an organisation whose ledger sends by the mailbox. */
  async function createGone(mailbox: Mailbox, email: string | null = 'ops@example.com') {
    const endpoint = await createEndpoint({ goneAt: now, lastStatus: 410 }, { attempts: 1 })
    const { organisationId } = endpoint.world
    if (email !== null) {
      const settings = { webhookNotificationEmail: email }
      await write(organisationId, 'organisation.update', { id: organisationId, settings })
    }
    const ledger = ledgerOf(organisationId)
    await giveMailbox(ledger, mailbox)
    return { ...endpoint, organisationId, ledger }
  }

  const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 3_000, interval: 20 })
  const nothingOwed = (ledger: string) =>
    soon(async () => expect(await owedMail(ledger)).toEqual([]))
  const refusal = (code: string) => () =>
    Object.assign(new Error(`email to ops@example.com: ${code}`), { code })
  const logged = (level: 'info' | 'error') => {
    const spy = vi
      .spyOn(console, level)
      .mockReset()
      .mockImplementation(() => undefined)
    return () => spy.mock.calls.map(([line]) => JSON.parse(line)).filter(isAboutMail)
  }
  const isAboutMail = ({ event }: { event: string }) => event.startsWith('mail.')

  it('goes once to the address of the organisation, by the binding', async () => {
    const mailbox = createMailbox()
    const { id, ledger, organisationId } = await createGone(mailbox)
    await addMember(organisationId, (await addUser('admin@example.com')).id, 'ADMIN')
    await disableHopeless(env, now)
    await nothingOwed(ledger)
    await disableHopeless(env, now)
    await tryAgain(ledger, mailbox)
    expect(mailbox.messages).toMatchObject([
      {
        from: { name: 'Burgee', email: 'burgee@example.com' },
        to: 'ops@example.com',
        subject: `Burgee switched off a webhook of Organisation ${organisationId}`,
      },
    ])
    const [{ text = '' } = {}] = mailbox.messages
    expect(text).toContain(`Endpoint       http://127.0.0.1:9/hook (id ${id})`)
    expect(text).toMatch(/Environment {4}Production\n {2}Project {8}Website\n/)
    expect(text).toContain('Last status    410')
    expect(mailbox.results).toEqual([{ messageId: expect.stringContaining('@example.com') }])
  })

  it('goes to each who still administers, by itself, where the organisation names no address', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const failing = createMailbox({ fails: () => new Error('no route') })
    const { ledger, organisationId } = await createGone(failing, null)
    const people = await Promise.all(['a', 'b', 'c'].map((name) => addUser(`${name}@example.com`)))
    const roles = ['ADMIN', 'USER', 'ADMIN'] as const
    for (const [index, { id }] of people.entries()) {
      await addMember(organisationId, id, roles[index] ?? 'USER')
    }
    await disableHopeless(env, now)
    await soon(() => expect(failing.messages).toHaveLength(2))
    expect(failing.messages.map(({ to }) => to).sort()).toEqual(['a@example.com', 'c@example.com'])
    const demoted = eq(memberships.userId, people[0]?.id ?? 0)
    await db().update(memberships).set({ role: 'USER' }).where(demoted)
    const working = createMailbox()
    await tryAgain(ledger, working)
    await nothingOwed(ledger)
    expect(working.messages.map(({ to }) => to)).toEqual(['c@example.com'])
  })

  it('stays owed when it fails, is left in peace for a while, and goes later', async () => {
    const errors = logged('error')
    const failing = createMailbox({ fails: refusal('E_RATE_LIMIT_EXCEEDED') })
    const { id, ledger } = await createGone(failing)
    await disableHopeless(env, now)
    await soon(() => expect(errors()).toMatchObject([{ event: 'mail.failed' }]))
    expect(JSON.stringify(errors())).not.toContain('ops@')
    expect(await owedMail(ledger)).toEqual([`${id}`])
    const desk = freshDesk(ledger, failing)
    const wake = await clearOutbox(desk)
    expect(wake).toBeGreaterThan(Date.now() + 50_000)
    expect(await clearOutbox(desk)).toBe(wake)
    expect(failing.messages).toHaveLength(2)
    const working = createMailbox()
    await tryAgain(ledger, working)
    await nothingOwed(ledger)
    expect(working.messages.map(({ to }) => to)).toEqual(['ops@example.com'])
  })

  it('holds up no other effect while the mail service hangs', async () => {
    const hanging = createMailbox({ hangs: true })
    const { ledger, world } = await createGone(hanging)
    await disableHopeless(env, now)
    await soon(() => expect(hanging.messages).toHaveLength(1))
    const name = 'Renamed meanwhile'
    const { id } = world.environment
    await write(world.organisationId, 'environment.update', { id, settings: { name } })
    await soon(async () =>
      expect((await getDocument(env.DOCUMENTS, id))?.environment.name).toBe(name),
    )
    expect(hanging.messages).toHaveLength(1)
    expect(await owedMail(ledger)).toHaveLength(1)
  })

  it('is given up when it is refused for good', async () => {
    const errors = logged('error')
    const refusing = createMailbox({ fails: refusal('E_RECIPIENT_NOT_ALLOWED') })
    const { id, ledger } = await createGone(refusing)
    await disableHopeless(env, now)
    await nothingOwed(ledger)
    const code = 'E_RECIPIENT_NOT_ALLOWED'
    expect(errors()).toMatchObject([{ event: 'mail.refused', webhook: id, code }])
    expect(JSON.stringify(errors())).not.toContain('ops@')
  })

  it('is given up when it fails for more than a day', async () => {
    const errors = logged('error')
    const failing = createMailbox({ fails: () => new Error('no route') })
    const { ledger } = await createGone(failing)
    await disableHopeless(env, now)
    await soon(() => expect(errors()).toHaveLength(1))
    const createdAt = Date.now() - day - 1
    await db().update(outbox).set({ createdAt }).where(eq(outbox.ledger, ledger))
    await tryAgain(ledger, failing)
    await nothingOwed(ledger)
    expect(errors().at(-1)).toMatchObject({ event: 'mail.given-up' })
  })

  it('does not go when the endpoint is on again', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const failing = createMailbox({ fails: () => new Error('no route') })
    const { id, home, ledger, organisationId } = await createGone(failing)
    await disableHopeless(env, now)
    await soon(() => expect(failing.messages).toHaveLength(1))
    await write(organisationId, 'webhook.update', { home, id, settings: { enabled: true } })
    const working = createMailbox()
    await tryAgain(ledger, working)
    await nothingOwed(ledger)
    expect(working.messages).toEqual([])
  })

  it.each([
    ['a sender', { MAIL_FROM: '' }],
    ['a binding', { EMAIL: undefined }],
  ])('does not go without %s, and the log says so once', async (_, missing) => {
    const infos = logged('info')
    const mailbox = createMailbox()
    Object.assign(mailbox.settings, missing)
    const { ledger, organisationId } = await createGone(mailbox, null)
    for (const name of ['d', 'e']) {
      const { id } = await addUser(`${name}-${organisationId}@example.com`)
      await addMember(organisationId, id, 'ADMIN')
    }
    await disableHopeless(env, now)
    await nothingOwed(ledger)
    expect(mailbox.messages).toEqual([])
    expect(infos()).toMatchObject([{ event: 'mail.not-configured', ledger, mails: 2 }])
  })
})
