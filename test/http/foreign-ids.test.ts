/** Bodies that name things of another project or organisation, from somebody who administers both. */
import { beforeAll, describe, expect, it } from 'vitest'
import { addMember } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { rowsAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'

let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  tenant = await createTenant('Heron')
  other = await createTenant('Stork')
  await addMember(other.world.organisation.id, tenant.world.superuser.id, 'ADMIN')
}, 60_000)

type Call = [method: string, path: string, body: unknown]

/** What another project has of the kinds that bodies name. */
type Foreign = Record<'feature' | 'segment' | 'environment' | 'tag' | 'option', number> & {
  featureName: string
  identity: number
  link: number
}

/** Each call names one foreign thing among things of its own. */
function callsWith(foreign: Foreign): Call[] {
  const { main, inside, name } = tenant
  const project = `/api/v1/projects/${main.project.id}`
  const environment = `/api/v1/environments/${main.environment.api_key}`
  const features = `${project}/features`
  const flag = `${main.environment.api_key}/features/${main.feature.id}`
  const experiments = `/api/experiments/environments/${main.environment.api_key}`
  const flat = '/api/v1/features/featurestates'
  const links = '/api/v1/features/feature-segments'
  const link = inside.ofSegment.feature_segment.id
  const own = { feature: inside.spare.id, environment: main.environment.id }
  const value = { type: 'string', value: 'planted' }
  const share = [{ multivariate_feature_option: foreign.option, percentage_allocation: 5 }]
  const byId = { id: foreign.feature }
  const plain = { id: inside.plain.id }
  return [
    ['POST', features, { name: 'planted', tags: [foreign.tag] }],
    ['PUT', `${features}/${main.feature.id}`, { tags: [foreign.tag] }],
    ['POST', `${project}/segments`, { name, rules: main.rules, feature: foreign.feature }],
    ['PATCH', `${project}/segments/${main.segment.id}`, { feature: foreign.feature }],
    ['POST', links, { ...own, segment: foreign.segment }],
    ['POST', links, { ...own, segment: main.segment.id, feature: foreign.feature }],
    ['POST', links, { ...own, segment: main.segment.id, environment: foreign.environment }],
    ['PUT', `${links}/${link}`, { segment: foreign.segment }],
    ['PATCH', `${links}/${link}`, { environment: foreign.environment }],
    ['PATCH', `${links}/${link}`, { feature: foreign.feature }],
    [
      'POST',
      `${links}/update-priorities`,
      [
        { id: link, priority: 1 },
        { id: foreign.link, priority: 0 },
      ],
    ],
    ['POST', flat, { ...own, identity: foreign.identity }],
    ['POST', flat, { ...own, identity: inside.identity.id, feature: foreign.feature }],
    ['POST', flat, { ...own, identity: inside.identity.id, environment: foreign.environment }],
    ['POST', flat, { ...own, feature_segment: foreign.link }],
    ['PUT', `${flat}/${inside.ofSegment.id}`, { ...own, environment: foreign.environment }],
    ['PATCH', `${flat}/${inside.ofSegment.id}`, { feature: foreign.feature }],
    ['PATCH', `${flat}/${inside.ofSegment.id}`, { multivariate_feature_state_values: share }],
    ['POST', `${environment}/featurestates`, { ...own, identity: foreign.identity }],
    ['POST', `${environment}/featurestates`, { ...own, feature_segment: foreign.link }],
    [
      'POST',
      `${environment}/featurestates`,
      { feature: foreign.feature, identity: inside.identity.id },
    ],
    [
      'PUT',
      `${environment}/featurestates/${inside.ofOther.id}`,
      { multivariate_feature_state_values: share },
    ],
    [
      'POST',
      `${environment}/identities/${inside.identity.id}/featurestates`,
      { feature: foreign.feature, enabled: true },
    ],
    [
      'POST',
      `${environment}/identities/${inside.identity.id}/featurestates/clone-from-given-identity`,
      { source_identity_id: foreign.identity },
    ],
    [
      'POST',
      `${environment}/features/${inside.spare.id}/create-segment-override`,
      { enabled: true, feature_segment: { segment: foreign.segment } },
    ],
    [
      'POST',
      `${environment}/features/${main.feature.id}/create-segment-override`,
      {
        enabled: true,
        feature_segment: { segment: inside.spareSegment.id },
        multivariate_feature_state_values: share,
      },
    ],
    [
      'PATCH',
      `/api/__future__/environments/${flag}`,
      { segment_overrides: [{ segment: { id: foreign.segment }, enabled: true }] },
    ],
    [
      'PUT',
      `/api/__future__/environments/${flag}`,
      { environment_default: { variants: [{ id: foreign.option, weight: 5 }] } },
    ],
    ['POST', `${experiments}/update-flag-v1`, { feature: byId, enabled: true, value }],
    [
      'POST',
      `${experiments}/update-flag-v1`,
      { feature: { name: foreign.featureName }, enabled: true, value },
    ],
    [
      'POST',
      `${experiments}/update-flag-v1`,
      { feature: plain, segment: { id: foreign.segment }, enabled: true, value },
    ],
    [
      'POST',
      `${experiments}/update-flag-v2`,
      {
        feature: plain,
        environment_default: { enabled: true, value },
        segment_overrides: [{ segment_id: foreign.segment, enabled: true, value }],
      },
    ],
    [
      'POST',
      `${experiments}/delete-segment-override`,
      { feature: byId, segment: { id: main.segment.id } },
    ],
    [
      'POST',
      `${experiments}/delete-segment-override`,
      { feature: plain, segment: { id: foreign.segment } },
    ],
  ]
}

const optionOf = ({ feature }: Tenant['main']) => feature.multivariate_options[0]?.id ?? 0

/** People and groups, who belong to organisations. */
function callsWithPeople({ colleague, group }: Tenant): Call[] {
  const { main, world, group: crew } = tenant
  const organisation = `/api/v1/organisations/${world.organisation.id}`
  const project = `/api/v1/projects/${main.project.id}`
  const environment = `/api/v1/environments/${main.environment.api_key}`
  const feature = `${project}/features/${main.feature.id}`
  const users = { user_ids: [colleague.id] }
  return [
    ['POST', `${project}/features`, { name: 'planted', owners: [colleague.id] }],
    ['POST', `${project}/features`, { name: 'planted', group_owners: [group.id] }],
    ['POST', `${feature}/add-owners`, users],
    ['POST', `${feature}/add-group-owners`, { group_ids: [group.id] }],
    ['POST', `${organisation}/groups/${crew.id}/add-users`, users],
    ['POST', `${organisation}/remove-users`, [{ id: colleague.id }]],
    [
      'POST',
      `${organisation}/invites`,
      { email: 'planted@example.com', permission_groups: [group.id] },
    ],
    ...[organisation, project, environment].flatMap((at): Call[] => [
      ['POST', `${at}/user-permissions`, { user: colleague.id, permissions: [] }],
      ['POST', `${at}/user-group-permissions`, { group: group.id, permissions: [] }],
    ]),
  ]
}

/** Refused, as the contract says where: never found out, never done. */
async function refuseAll(calls: Call[]) {
  const before = await rowsAtRest()
  const wrong: unknown[] = []
  for (const [method, path, body] of calls) {
    const { status, text } = await send(method, `${path}/`, { body, auth: tenant.world.auth })
    if (![400, 404].includes(status)) wrong.push([method, path, body, status, text])
  }
  expect(wrong).toEqual([])
  expect(await rowsAtRest()).toEqual(before)
}

describe('a thing in a body', () => {
  it('of another organisation is refused', { timeout: 60_000 }, async () => {
    const { main, inside } = other
    await refuseAll(
      callsWith({
        feature: main.feature.id,
        featureName: 'stork_banner',
        segment: main.segment.id,
        environment: main.environment.id,
        tag: main.tag.id,
        option: optionOf(main),
        identity: inside.identity.id,
        link: inside.ofSegment.feature_segment.id,
      }),
    )
  })

  it('of another project of the organisation is refused', { timeout: 60_000 }, async () => {
    const { feature, segment, environment, tag } = tenant.otherProject
    await refuseAll(
      callsWith({
        feature: feature.id,
        featureName: 'heron2_banner',
        segment: segment.id,
        environment: environment.id,
        tag: tag.id,
        option: feature.multivariate_options[0]?.id ?? 0,
        identity: tenant.identityElsewhere.id,
        link: other.inside.ofSegment.feature_segment.id,
      }),
    )
  })

  it('may not be a person or a group of another organisation', { timeout: 60_000 }, async () => {
    await refuseAll(callsWithPeople(other))
  })
})

describe('a project file', () => {
  const path = () => `/api/v1/organisations/${tenant.world.organisation.id}/import/`

  it('cannot name what is there, by no field at all', { timeout: 60_000 }, async () => {
    const { main, otherProject, world } = tenant
    const before = await rowsAtRest()
    const own = {
      id: main.project.id,
      uuid: main.project.uuid,
      project: otherProject.project.id,
      organisation: other.world.organisation.id,
      api_key: main.environment.api_key,
    }
    const file = tenant.file as Record<string, object[]> & { project: object }
    for (const [field, value] of Object.entries(own)) {
      const bent = [
        { ...file, [field]: value },
        { ...file, project: { ...file.project, name: 'planted', [field]: value } },
        ...['features', 'segments', 'environments', 'tags'].map((list) => ({
          ...file,
          project: { ...file.project, name: 'planted' },
          [list]: (file[list] ?? []).map((item) => ({ ...item, [field]: value })),
        })),
      ]
      for (const body of bent) {
        const { status } = await send('POST', path(), { body, auth: world.auth })
        expect([field, status]).toEqual([field, 400])
      }
    }
    expect(await rowsAtRest()).toEqual(before)
  })

  it('makes new things beside those of the same names, and changes none', async () => {
    const before = await rowsAtRest()
    const body = { ...tenant.file, project: { ...tenant.file.project, name: 'a copy' } }
    expect((await send('POST', path(), { body, auth: tenant.world.auth })).status).toBe(201)
    const after = new Set(await rowsAtRest())
    expect(before.filter((row) => !after.has(row))).toEqual([])
  })
})
