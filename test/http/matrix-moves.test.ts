/** Bodies that would take a thing to another parent, or make its holder more than they are. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addMember } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, idsOf } from '../support/tenant-paths.ts'

let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  tenant = await createTenant('Heron')
  other = await createTenant('Stork')
  // Who asks administers both.
  await addMember(other.world.organisation.id, tenant.world.superuser.id, 'ADMIN')
}, 60_000)

/** What says to whom a row belongs, who it is, and how much its holder may do. */
const isFixed = (column: string) =>
  /^(id|uuid|email|role|is_superuser|hash|sealed|prefix|password_hash|created_by|created_at)$/.test(
    column,
  ) || /_id$/.test(column)

/** Append-only, or counters. */
const grows = new Set('entries events event_bodies deliveries ids outbox d1_migrations'.split(' '))

/** Of every row of every table the columns that no update may change. */
async function readFixed(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>()
  const names = results.map(({ name }) => name).filter((name) => !grows.has(name))
  const tables = await env.DB.batch<Record<string, unknown>>(
    names.map((name) => env.DB.prepare(`SELECT * FROM "${name}"`)),
  )
  return tables.flatMap((table, index) =>
    table.results.map((row) => {
      const fixed = Object.entries(row).filter(([column]) => isFixed(column))
      return `${names[index]} ${JSON.stringify(fixed)}`
    }),
  )
}

/** Every name under which a parent, an id or a rank might be taken. */
function elsewhere({ world, main, inside, colleague, group, keys }: Tenant) {
  const own = {
    organisation: world.organisation.id,
    project: main.project.id,
    environment: main.environment.id,
    feature: main.feature.id,
    segment: main.segment.id,
    identity: inside.identity.id,
    feature_segment: inside.ofSegment.feature_segment.id,
    user: colleague.id,
    group: group.id,
  }
  const byId = Object.entries(own).flatMap(([name, id]) => [
    [name, id],
    [`${name}_id`, id],
    [`${name}Id`, id],
  ])
  return {
    ...Object.fromEntries(byId),
    id: main.feature.id,
    pk: main.feature.id,
    uuid: main.feature.uuid,
    role: 'ADMIN',
    is_superuser: true,
    isSuperuser: true,
    email: 'taken@example.com',
    prefix: keys.kept.prefix,
    key: keys.kept.key,
    hash: keys.link.hash,
    created_by: colleague.id,
    createdBy: colleague.id,
    created_at: '2001-01-01T00:00:00Z',
    createdAt: 1,
    members: [colleague.id],
    users: [{ id: colleague.id, group_admin: true }],
  }
}

const updates = adminRoutes.filter((route) => /^(PUT|PATCH) /.test(route))

describe.each([
  ['alone', false],
  ['beside a good change', true],
])('a move in a body, %s', (_, isBeside) => {
  it('is ignored or refused by every PUT and PATCH', { timeout: 120_000 }, async () => {
    const before = await readFixed()
    const wrong: unknown[] = []
    for (const route of updates) {
      const [method = '', path = ''] = route.split(' ')
      const good = isBeside ? (bodyFor(route, tenant) as object) : {}
      const { status, text } = await send(method, `${fill(path, () => idsOf(tenant))}/`, {
        body: { ...good, ...elsewhere(other) },
        auth: path.includes('/auth/') ? tenant.member.auth : tenant.world.auth,
      })
      if (status !== 200 && status !== 400) wrong.push([route, status, text])
    }
    expect(wrong).toEqual([])
    expect(await readFixed()).toEqual(before)
  })
})
