import { expect, it } from 'vitest'
import { createWorld } from '../support/admin.ts'
import { addColleague, addStranger, pathOf } from '../support/people.ts'

it('nothing is limited: every limit of the plan is null, for administrators and the key', async () => {
  const world = await createWorld()
  const path = pathOf(world, 'get-subscription-metadata/')
  for (const auth of [world.auth, world.keyAuth]) {
    expect(await world.api('GET', path, undefined, auth)).toMatchObject({
      status: 200,
      body: {
        max_seats: null,
        max_api_calls: null,
        max_projects: null,
        payment_source: null,
        chargebee_email: null,
        feature_history_visibility_days: null,
        audit_log_visibility_days: null,
      },
    })
  }
  const colleague = await addColleague(world)
  expect((await world.api('GET', path, undefined, colleague.auth)).status).toBe(403)
})

it('nobody is warned of a quota: the page is empty', async () => {
  const world = await createWorld()
  expect(await world.api('GET', pathOf(world, 'api-usage-notification/'))).toMatchObject({
    status: 200,
    body: { count: 0, next: null, previous: null, results: [] },
  })
})

it.each(['usage-data/', 'usage-data/total-count/', 'influx-data/', 'usage/'])(
  '%s says that there is no such report, whoever asks',
  async (path) => {
    const world = await createWorld()
    expect(await world.api('GET', pathOf(world, path))).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/usage/i) },
    })
    const stranger = await addStranger()
    const { status } = await world.api('GET', pathOf(world, path), undefined, stranger.auth)
    expect([403, 404]).toContain(status)
  },
)
