/** Deliveries that administrators send once more, or skip. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readRecords } from '../support/admin.ts'
import {
  createEndpoint,
  type DeliveryDraft,
  type Received,
  receive,
  standingOf,
} from '../support/deliveries.ts'
import { recordsSince, url } from '../support/webhooks.ts'

let received: Received

beforeEach(() => {
  received = receive()
})

afterEach(() => vi.unstubAllGlobals())

const minute = 60_000
const t0 = Date.UTC(2026, 10, 1)
const at = (minutes: number) => new Date(t0 + minutes * minute).toISOString()

describe('sending once more', () => {
  it('reaches the receiver with the same event and bytes, also after it arrived', async () => {
    const { world, path, add } = await createEndpoint()
    const id = await add({ state: 'delivered', attempts: 1, body: '{"data": {"b": 2}}' })
    const start = (await readRecords()).length
    const answer = await world.api<{ event: { id: string } }>('POST', `${path}${id}/resend/`)
    expect(answer).toMatchObject({ status: 200, body: { id } })
    await vi.waitFor(async () =>
      expect(await standingOf(id)).toMatchObject({ state: 'delivered', attempts: 2 }),
    )
    expect(received).toEqual([{ id: answer.body.event.id, body: '{"data": {"b": 2}}' }])
    expect(await recordsSince(start)).toMatchObject([
      {
        action: 'delivery.resent',
        resource: { type: 'WEBHOOK', name: url },
        before: { delivery: id, state: 'delivered' },
        after: { delivery: id, state: 'waiting' },
      },
    ])
  })

  it('is refused while the endpoint is switched off, or the delivery is being sent', async () => {
    const { world, hook, path, add } = await createEndpoint()
    const leased = await add({ state: 'waiting', leasedUntil: Date.now() + minute })
    for (const action of ['resend', 'skip']) {
      expect(await world.api('POST', `${path}${leased}/${action}/`)).toMatchObject({
        status: 409,
        body: { code: 'delivery_under_way' },
      })
    }
    const dead = await add({ state: 'dead' })
    await world.api('PATCH', hook, { enabled: false })
    for (const [at, body] of [
      [`${dead}/resend/`, undefined],
      ['replay/', { state: 'dead' }],
    ] as const) {
      expect(await world.api('POST', `${path}${at}`, body)).toMatchObject({
        status: 409,
        body: { code: 'webhook_disabled' },
      })
    }
    expect((await standingOf(dead)).state).toBe('dead')
  })
})

describe('skipping', () => {
  it('ends what waits or was given up, for good, and what is settled stays', async () => {
    const { world, path, add } = await createEndpoint()
    const start = (await readRecords()).length
    const waiting = await add({ state: 'waiting', nextAttemptAt: 4e12 })
    const dead = await add({ state: 'dead', reason: 'gone' })
    for (const id of [waiting, dead, dead]) {
      expect(await world.api('POST', `${path}${id}/skip/`)).toMatchObject({
        status: 200,
        body: { id, state: 'skipped', reason: null, next_attempt_at: null },
      })
    }
    const arrived = await add({ state: 'delivered' })
    expect(await world.api('POST', `${path}${arrived}/skip/`)).toMatchObject({
      status: 409,
      body: { code: 'delivery_settled' },
    })
    expect((await recordsSince(start)).map(({ action, before }) => [action, before.state])).toEqual(
      [
        ['delivery.skipped', 'waiting'],
        ['delivery.skipped', 'dead'],
      ],
    )
  })
})

describe('a line that is held up', () => {
  it('goes on when what holds it up is skipped', async () => {
    const { world, path, add } = await createEndpoint()
    const first = await add({ state: 'waiting', attempts: 3, nextAttemptAt: 4e12 })
    const second = await add({ state: 'waiting', nextAttemptAt: 1 })
    await world.api('POST', `${path}${first}/skip/`)
    await vi.waitFor(async () => expect((await standingOf(second)).state).toBe('delivered'))
    expect(received).toHaveLength(1)
  })

  it('goes on when no order is wanted any more', async () => {
    const { world, hook, add } = await createEndpoint()
    const first = await add({ state: 'waiting', attempts: 3, nextAttemptAt: 4e12 })
    const second = await add({ state: 'waiting', nextAttemptAt: 1 })
    expect((await world.api('PATCH', hook, { ordered: false })).body).toMatchObject({
      ordered: false,
    })
    await vi.waitFor(async () => expect((await standingOf(second)).state).toBe('delivered'))
    expect((await standingOf(first)).state).toBe('waiting')
  })

  it('goes on when the endpoint gets another URL or is switched on again', async () => {
    const { world, hook, add } = await createEndpoint()
    for (const change of [{ url: `${url}/new` }, { enabled: true }]) {
      const first = await add({ state: 'waiting', attempts: 3, nextAttemptAt: 4e12 })
      const second = await add({ state: 'waiting', reason: 'breaker', nextAttemptAt: 4e12 })
      if (change.enabled) await world.api('PATCH', hook, { enabled: false })
      await world.api('PATCH', hook, change)
      await vi.waitFor(async () => expect((await standingOf(second)).state).toBe('delivered'))
      expect(await standingOf(first)).toMatchObject({ state: 'delivered', attempts: 4 })
    }
  })

  it('is not filled with what the endpoint does not want', async () => {
    const { world, path, add } = await createEndpoint()
    const id = await add({ state: 'filtered' })
    for (const [verb, code] of [
      ['resend', 'delivery_filtered'],
      ['skip', 'delivery_settled'],
    ]) {
      expect(await world.api('POST', `${path}${id}/${verb}/`)).toMatchObject({
        status: 409,
        body: { code },
      })
    }
  })
})

describe('replaying', () => {
  /** One of each, and what becomes of them; those that are replayed arrive. */
  async function replayed(body: object) {
    const { world, path, add } = await createEndpoint()
    const drafts: Record<string, DeliveryDraft> = {
      delivered: { state: 'delivered', attempts: 1, createdAt: t0 },
      dead: { state: 'dead', attempts: 10, createdAt: t0 + minute },
      untried: { state: 'disabled', createdAt: t0 + 2 * minute },
      parked: { state: 'disabled', attempts: 2, createdAt: t0 + 6 * minute },
      held: {
        state: 'waiting',
        reason: 'breaker',
        nextAttemptAt: 4e12,
        createdAt: t0 + 3 * minute,
      },
      retried: { state: 'waiting', attempts: 3, nextAttemptAt: 4e12, createdAt: t0 + 3 * minute },
      skipped: { state: 'skipped', createdAt: t0 + 4 * minute },
      unwanted: { state: 'filtered', createdAt: t0 + 4 * minute },
    }
    const ids: Record<string, string> = {}
    for (const [name, draft] of Object.entries(drafts)) ids[name] = await add(draft)
    const start = (await readRecords()).length
    const { status, body: told } = await world.api<{ rung: number }>('POST', `${path}replay/`, body)
    expect(status).toBe(200)
    await vi.waitFor(() => expect(received).toHaveLength(told.rung))
    const arrived = async (name: string) => {
      const { attempts } = await standingOf(ids[name] ?? '')
      return attempts > (drafts[name]?.attempts ?? 0)
    }
    const names: string[] = []
    for (const name of Object.keys(drafts)) if (await arrived(name)) names.push(name)
    return { names, rung: told.rung, records: await recordsSince(start) }
  }

  it.each([
    [{ state: 'dead' }, ['dead']],
    [{ state: 'disabled' }, ['untried', 'parked']],
    [{ state: 'never-attempted' }, ['untried', 'held']],
    [{ from: at(0), to: at(2) }, ['delivered', 'dead']],
    [{ from: at(3), to: at(5) }, ['held', 'retried', 'skipped']],
    [{ from: at(10), to: at(11) }, []],
  ])('%j sends %j, in one entry', async (body, expected) => {
    const { names, rung, records } = await replayed(body)
    expect(names).toEqual(expected)
    expect(rung).toBe(expected.length)
    expect(records.map(({ action, after: told }) => [action, told])).toEqual(
      rung === 0 ? [] : [['delivery.replayed', { ...body, count: rung }]],
    )
  })

  it.each([
    [{}, ['non_field_errors']],
    [{ from: at(0) }, ['non_field_errors']],
    [{ from: at(1), to: at(1) }, ['to']],
    [{ from: 'then', to: at(1) }, ['from']],
    [{ state: 'dead', from: at(0) }, ['state']],
    [{ state: 'delivered' }, ['state']],
  ])('refuses %j', async (body, fields) => {
    const { world, path } = await createEndpoint()
    const answer = await world.api('POST', `${path}replay/`, body)
    expect([answer.status, Object.keys(answer.body as object)]).toEqual([400, fields])
  })
})
