/** Things under parents that are not theirs, asked for by somebody who administers both. */
import { beforeAll, describe, expect, it } from 'vitest'
import { addMember } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { dumpAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor } from '../support/tenant-bodies.ts'
import { fill, type Ids, idsOf, parametersOf, workingRoutes } from '../support/tenant-paths.ts'

let tenant: Tenant
let other: Tenant
let ids: Ids

beforeAll(async () => {
  tenant = await createTenant('Heron')
  other = await createTenant('Stork')
  await addMember(other.world.organisation.id, tenant.world.superuser.id, 'ADMIN')
  ids = idsOf(tenant)
}, 60_000)

const nested = workingRoutes.filter((route) => parametersOf(route).length > 1)

/** Numbers that every log has. */
const always: Record<string, number> = {
  'GET /api/v1/organisations/:organisation/audit/leaf/:sequence': 200,
  'GET /api/v1/organisations/:organisation/audit/entries/:sequence': 200,
}

type Parents = {
  ids: Ids
  /** Whose things the body names: valid where the parents are. */
  body: Tenant
}

const kinds: [string, (route: string) => boolean, () => Parents][] = [
  ['another organisation', () => true, () => ({ ids: idsOf(other), body: other })],
  [
    'another project',
    (route) => /\/(projects|environments)\/:/.test(route) && !route.includes(':user'),
    () => {
      const { project, environment, feature, segment } = tenant.otherProject
      const parents = {
        'projects/:project': project.id,
        'environments/:environment': environment.api_key,
        'features/:feature': feature.id,
        'segments/:segment': segment.id,
      }
      return { ids: { ...ids, ...parents }, body: tenant }
    },
  ],
  [
    'another environment of the project',
    // Features, segments and people are not of one environment.
    (route) => /\/environments\/:/.test(route) && !/:(feature|segment|user)/.test(route),
    () => {
      const parents = {
        'environments/:environment': tenant.otherEnvironment.api_key,
        'identities/:identity': tenant.identityElsewhere.id,
      }
      return { ids: { ...ids, ...parents }, body: tenant }
    },
  ],
]

describe.each(kinds)('under %s', (_, isAsked, parentsOf) => {
  it('nothing of this one is found or changed', { timeout: 120_000 }, async () => {
    const before = await dumpAtRest()
    const parents = parentsOf()
    const wrong: unknown[] = []
    const routes = nested.filter(isAsked)
    expect(routes.length).toBeGreaterThan(10)
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ')
      // So many of the path's things are the others'; the rest is ours.
      for (let foreign = 1; foreign < parametersOf(path).length; foreign++) {
        const real = fill(path, (position) => (position < foreign ? parents.ids : ids))
        const { status, text } = await send(method === 'ALL' ? 'GET' : method, `${real}/`, {
          body: bodyFor(route, parents.body),
          auth: tenant.world.auth,
        })
        const expected = always[route] ?? 404
        if (status !== expected) wrong.push([route, { foreign, expected, status, text }])
        if (/heron/i.test(text)) wrong.push([route, 'tells', text])
      }
    }
    expect(wrong).toEqual([])
    expect(await dumpAtRest()).toBe(before)
  })
})
