/** Deliveries as administrators see them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { api, createWorld, readRecords, timestamp } from '../support/admin.ts'
import { createEndpoint, receive, standingOf } from '../support/deliveries.ts'
import { addColleague } from '../support/people.ts'
import { createWebhook, secret } from '../support/webhooks.ts'

type List = {
  results: { id: string; reason: string | null }[]
  next: string | null
  previous: string | null
}

beforeEach(() => {
  receive()
})

afterEach(() => vi.unstubAllGlobals())

const minute = 60_000
const t0 = Date.UTC(2026, 10, 1)
const at = (minutes: number) => new Date(t0 + minutes * minute).toISOString()

describe('the list of deliveries', () => {
  it.each(['environment', 'organisation'] as const)(
    'of a webhook of an %s says of each where it stands and why, newest first',
    async (level) => {
      const { world, environment, path, add } = await createEndpoint(level)
      const other = await createEndpoint(level)
      await other.add()
      const first = await add({ state: 'dead', reason: 'attempts used up', attempts: 10 })
      const second = await add({ state: 'waiting', reason: 'breaker', nextAttemptAt: 4e12 })
      const { status, body } = await world.api<List>('GET', path)
      expect(status).toBe(200)
      expect(body).toEqual({
        results: [
          {
            id: second,
            event: {
              id: expect.stringMatching(/^evt_/),
              type: 'FLAG_UPDATED',
              action: 'feature-state.updated',
            },
            format: 'flagsmith',
            environment: environment.id,
            sequence: expect.any(Number),
            state: 'waiting',
            reason: 'breaker',
            attempt_count: 0,
            next_attempt_at: '2096-10-02T07:06:40.000000Z',
            created_at: timestamp,
          },
          expect.objectContaining({
            id: first,
            state: 'dead',
            reason: 'attempts used up',
            attempt_count: 10,
            next_attempt_at: null,
          }),
        ],
        next: null,
        previous: null,
      })
    },
  )

  it('says what waits behind what, and nothing of it where no order is kept', async () => {
    const { world, hook, path, add } = await createEndpoint()
    await add({ state: 'delivered' })
    const first = await add({ state: 'waiting', attempts: 2, nextAttemptAt: 4e12 })
    const second = await add({ state: 'waiting', nextAttemptAt: 4e12 })
    await add({ state: 'filtered', reason: 'no pattern matches' })
    const third = await add({ state: 'waiting', nextAttemptAt: 4e12 })
    const told = async () =>
      (await world.api<List>('GET', path)).body.results.map(({ id, reason }) => [id, reason])
    expect(await told()).toEqual([
      [third, 'behind 2'],
      [expect.any(String), 'no pattern matches'],
      [second, 'behind 2'],
      [first, null],
      [expect.any(String), null],
    ])
    await world.api('PATCH', hook, { ordered: false })
    expect((await told()).map(([, reason]) => reason)).toEqual([
      null,
      'no pattern matches',
      ...[null, null, null],
    ])
  })

  it('comes in pages by cursor, in both directions, also where times are equal', async () => {
    const { world, path, add } = await createEndpoint()
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift(await add({ createdAt: t0 }))
    const read = async (query: string) => (await world.api<List>('GET', `${path}${query}`)).body
    const idsOf = ({ results }: List) => results.map(({ id }) => id)
    const first = await read('?limit=2')
    expect([idsOf(first), first.previous]).toEqual([ids.slice(0, 2), null])
    const second = await read(`?limit=2&after=${first.next}`)
    expect(idsOf(second)).toEqual(ids.slice(2, 4))
    const third = await read(`?limit=2&after=${second.next}`)
    expect([idsOf(third), third.next]).toEqual([ids.slice(4), null])
    const back = await read(`?limit=2&before=${third.previous}`)
    expect(idsOf(back)).toEqual(ids.slice(2, 4))
    const start = await read(`?limit=2&before=${back.previous}`)
    expect([idsOf(start), start.previous]).toEqual([ids.slice(0, 2), null])
    expect(start.next).toBe(first.next)
  })

  it('is narrowed by state, type of event and time', async () => {
    const { world, path, add } = await createEndpoint()
    const dead = await add({ state: 'dead', createdAt: t0 })
    const deleted = await add({
      state: 'delivered',
      type: 'FLAG_DELETED',
      createdAt: t0 + minute,
    })
    const waiting = await add({ state: 'waiting', nextAttemptAt: 4e12, createdAt: t0 + 2 * minute })
    const ask = async (query: string) =>
      (await world.api<List>('GET', `${path}?${query}`)).body.results.map(({ id }) => id)
    expect(await ask('state=dead')).toEqual([dead])
    expect(await ask('event=FLAG_DELETED')).toEqual([deleted])
    expect(await ask('event=FLAG_DELETED&state=dead')).toEqual([])
    expect(await ask(`from=${at(1)}`)).toEqual([waiting, deleted])
    expect(await ask(`from=${at(0)}&to=${at(1)}`)).toEqual([dead])
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['state=lost', 'state'],
    ['from=yesterday', 'from'],
    ['after=nonsense', 'after'],
    ['before=1', 'before'],
    ['after=1-dlv_1&before=1-dlv_1', 'before'],
  ])('refuses %s', async (query, field) => {
    const { world, path } = await createEndpoint()
    const { status, body } = await world.api('GET', `${path}?${query}`)
    expect([status, Object.keys(body as object)]).toEqual([400, [field]])
  })
})

it('a delivery shows what was sent, what came back, and nothing secret', async () => {
  const { world, hook, path, add } = await createEndpoint()
  const headers = { 'X-Team': 'a value that is hidden' }
  await world.api('PATCH', hook, { headers })
  const id = await add({ state: 'waiting', nextAttemptAt: 1, body: '{"data": {"a": 1}}' })
  await world.api('POST', `${path}${id}/resend/`)
  await vi.waitFor(async () => expect((await standingOf(id)).state).toBe('delivered'))
  const { status, body } = await world.api('GET', `${path}${id}/`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    id,
    state: 'delivered',
    request_body: '{"data": {"a": 1}}',
    attempts: [
      {
        number: 1,
        outcome: 'delivered',
        started_at: timestamp,
        ended_at: timestamp,
        duration_ms: expect.any(Number),
        request_headers: {
          'webhook-signature': expect.stringMatching(/^v1,/),
          'X-Team': expect.any(String),
        },
        response_status: 200,
        response_body: 'thanks',
        error: null,
      },
    ],
  })
  expect(JSON.stringify(body)).not.toContain(headers['X-Team'])
  expect(JSON.stringify(body)).not.toContain(secret)
  expect(await world.api('GET', `${hook.replace(/\d+\/$/, '')}`)).toMatchObject({
    body: [{ last_status: 200 }],
  })
})

it('deliveries are for administrators of the place, below their own endpoint', async () => {
  const { world, environment, path, hook, add } = await createEndpoint()
  const id = await add({ state: 'dead' })
  const stranger = await createWorld('Other')
  const member = await addColleague(world)
  const calls = [
    ['GET', path],
    ['GET', `${path}${id}/`],
    ['POST', `${path}${id}/resend/`],
    ['POST', `${path}${id}/skip/`],
    ['POST', `${path}replay/`, { state: 'dead' }],
  ] as const
  const before = await readRecords()
  for (const [method, at, body] of calls) {
    expect((await api(method, at, body)).status).toBe(401)
    for (const auth of [member.auth, stranger.auth, stranger.keyAuth]) {
      expect((await api(method, at, body, auth)).status).toBe(404)
    }
  }
  const hooks = `environments/${environment.api_key}/webhooks/`
  const { id: beside } = await createWebhook(world, hooks)
  for (const [method, at, body] of calls.slice(1, 4)) {
    const elsewhere = at.replace(hook, `${hooks}${beside}/`)
    expect((await world.api(method, elsewhere, body)).status).toBe(404)
    expect((await world.api(method, at.replace(id, 'dlv_none'), body)).status).toBe(404)
  }
  expect((await readRecords()).slice(before.length)).toHaveLength(1)
  expect((await standingOf(id)).state).toBe('dead')
})
