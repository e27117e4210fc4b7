import { describe, expect, it } from 'vitest'
import {
  addMember,
  addUser,
  api,
  createWorld,
  done,
  forbidden,
  readRecords,
  timestamp,
} from '../support/admin.ts'

type Organisation = { id: number; uuid: string; name: string; role: string | null }
type Page = { count: number; next: string | null; previous: string | null; results: Organisation[] }

const recordsOf = async (organisationId: number) =>
  (await readRecords())
    .map((record) => JSON.parse(record))
    .filter((record) => record.ledger === `organisation:${organisationId}`)

describe('creating an organisation', () => {
  it('makes its creator the administrator and answers the contract’s object', async () => {
    const { auth } = await addUser('creator@example.com')
    const body = { name: ' Acme ', webhook_notification_email: 'ops@example.com' }
    const { status, body: created } = await api<Organisation>('POST', 'organisations/', body, auth)
    expect(status).toBe(201)
    expect(created).toEqual({
      id: expect.any(Number),
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Acme',
      created_date: timestamp,
      webhook_notification_email: 'ops@example.com',
      num_seats: 1,
      subscription: {
        id: null,
        uuid: null,
        subscription_id: null,
        subscription_date: null,
        plan: 'free',
        max_seats: null,
        max_api_calls: null,
        cancellation_date: null,
        customer_id: null,
        billing_status: null,
        payment_method: null,
        notes: null,
        deleted_at: null,
        has_active_billing_periods: false,
      },
      role: 'ADMIN',
      persist_trait_data: true,
      block_access_to_admin: false,
      restrict_project_create_to_admin: false,
      force_2fa: false,
    })
    const read = await api('GET', `organisations/${created.id}`, undefined, auth)
    expect(read).toMatchObject({ status: 200, body: created })
  })

  it('is the first entry of the organisation’s own ledger', async () => {
    const { organisation, superuser } = await createWorld()
    const [first] = await recordsOf(organisation.id)
    expect(first).toMatchObject({
      action: 'organisation.created',
      sequence: 1,
      actor: { kind: 'user', id: String(superuser.id), name: superuser.email },
      organisation: organisation.id,
      resource: { type: 'ORGANISATION', id: String(organisation.id), name: 'Acme' },
      before: null,
      after: { name: 'Acme', memberships: [{ user_id: superuser.id, role: 'ADMIN' }] },
    })
  })

  it('is not for keys, nor for strangers', async () => {
    const { keyAuth } = await createWorld()
    expect(await api('POST', 'organisations/', { name: 'X' }, keyAuth)).toMatchObject({
      status: 403,
      body: forbidden,
    })
    expect((await api('POST', 'organisations/', { name: 'X' })).status).toBe(401)
  })

  it.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ name: null }, { name: ['This field may not be null.'] }],
    [{ name: 'A', force_2fa: 'maybe' }, { force_2fa: ['Must be a valid boolean.'] }],
    [
      { name: 'A', webhook_notification_email: 'nobody' },
      { webhook_notification_email: ['Enter a valid email address.'] },
    ],
  ])('refuses %j', async (body, errors) => {
    const { auth } = await addUser(`${crypto.randomUUID()}@example.com`)
    expect(await api('POST', 'organisations/', body, auth)).toMatchObject({
      status: 400,
      body: errors,
    })
  })
})

describe('the list of organisations', () => {
  it('shows a person the memberships, ten to a page or as many as asked for', async () => {
    const { id, auth } = await addUser('busy@example.com')
    const { organisation: foreign } = await createWorld('Foreign')
    await addMember(foreign.id, id, 'USER')
    for (let index = 0; index < 11; index++) {
      await done(api('POST', 'organisations/', { name: `Own ${index}` }, auth))
    }
    const first = await done(api<Page>('GET', 'organisations/', undefined, auth))
    expect(first).toMatchObject({ count: 12, previous: null })
    expect(first.results).toHaveLength(10)
    expect(first.results[0]).toMatchObject({ id: foreign.id, role: 'USER' })
    expect(first.next).toContain('page=2')
    const second = await done(api<Page>('GET', 'organisations?page=2', undefined, auth))
    expect(second.results.map(({ name }) => name)).toEqual(['Own 9', 'Own 10'])
    expect(second.next).toBeNull()
    expect(await api('GET', 'organisations/?page=3', undefined, auth)).toMatchObject({
      status: 404,
      body: { detail: 'Invalid page.' },
    })
    const all = await done(api<Page>('GET', 'organisations/?page_size=999', undefined, auth))
    expect(all).toMatchObject({ count: 12, next: null })
    expect(all.results).toHaveLength(12)
  })

  it('shows a key its own organisation only', async () => {
    const { keyAuth, organisation } = await createWorld()
    const page = await done(api<Page>('GET', 'organisations/', undefined, keyAuth))
    expect(page).toMatchObject({ count: 1, next: null, previous: null })
    expect(page.results).toMatchObject([{ id: organisation.id, role: null, num_seats: 1 }])
  })

  it('is empty for a person who belongs to none, superuser or not', async () => {
    await createWorld()
    const { auth } = await addUser('lonely@example.com', true)
    const page = await done(api<Page>('GET', 'organisations/', undefined, auth))
    expect(page).toEqual({ count: 0, next: null, previous: null, results: [] })
  })

  it('answers a stranger 401', async () => {
    expect((await api('GET', 'organisations/')).status).toBe(401)
  })
})
