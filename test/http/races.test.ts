/** Changes of one thing at the same time, each of another field: none undoes another. */
import { beforeAll, describe, expect, it } from 'vitest'
import { done, type World } from '../support/admin.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'

let tenant: Tenant
let world: World

beforeAll(async () => {
  tenant = await createTenant('Heron')
  world = tenant.world
}, 60_000)

type Thing = { path: () => string; changes: Record<string, unknown> }

/** What stands below others comes first: each is deleted in the end. */
const things: [string, Thing][] = [
  [
    'a state',
    {
      path: () =>
        `environments/${tenant.main.environment.api_key}/featurestates/${tenant.inside.ofOther.id}/`,
      changes: { enabled: false, feature_state_value: 'raced' },
    },
  ],
  [
    'a feature',
    {
      path: () => `${tenant.main.at}/features/${tenant.main.feature.id}/`,
      changes: { description: 'raced', is_archived: true, is_server_key_only: true, tags: [] },
    },
  ],
  [
    'a segment',
    {
      path: () => `${tenant.main.at}/segments/${tenant.main.segment.id}/`,
      changes: { name: 'raced', description: 'raced' },
    },
  ],
  [
    'a tag',
    {
      path: () => `${tenant.main.at}/tags/${tenant.main.tag.id}/`,
      changes: { label: 'raced', color: '#123456', description: 'raced', is_permanent: true },
    },
  ],
  [
    'an environment',
    {
      path: () => `environments/${tenant.main.environment.api_key}/`,
      changes: { name: 'raced', description: 'raced', banner_text: 'raced' },
    },
  ],
  [
    'a project',
    {
      path: () => `${tenant.main.at}/`,
      changes: { name: 'raced', hide_disabled_flags: true, stale_flags_limit_days: 7 },
    },
  ],
]

describe.each(things)('%s', (_, { path, changes }) => {
  it('keeps every change, and its log is one chain', { timeout: 30_000 }, async () => {
    const fields = Object.entries(changes)
    const answers = await Promise.all(
      fields.map(([field, value]) => world.api('PATCH', path(), { [field]: value })),
    )
    expect(answers.map(({ status }) => status)).toEqual(fields.map(() => 200))
    expect(await done(world.api('GET', path()))).toMatchObject(changes)
    type Entry = { before: unknown; after: unknown }
    const log = `${tenant.main.at}/audit/?page_size=${fields.length}`
    const newest = await done(world.api<{ results: Entry[] }>('GET', log))
    const entries = newest.results.reverse()
    for (const [index, entry] of entries.entries()) {
      if (index > 0) expect(entry.before).toEqual(entries[index - 1]?.after)
    }
  })

  it('is deleted once, however often at the same time', { timeout: 30_000 }, async () => {
    const answers = await Promise.all([1, 2, 3].map(() => world.api('DELETE', path())))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404])
  })
})
