/**
 * An organisation with one of everything, made through the API. Every name in it carries the tenant's
 * own name, so that an answer to a stranger can be searched for it.
 */
import { addMember, addUser, createWorld, done, type World } from './admin.ts'
import { addDelivery } from './deliveries.ts'
import { equals, rulesOf } from './segments.ts'

type Made = { id: number; uuid: string }
type Keyed = Made & { api_key: string }
type Secret = Made & { hash: string }
type Create = <T = Made>(path: string, body: object) => Promise<T>
type Scene = { create: Create; name: string }

async function addPeople({ organisation }: World, name: string) {
  const add = async (what: string, role: 'ADMIN' | 'USER' = 'USER') => {
    const person = await addUser(`${name}-${what}@example.com`.toLowerCase())
    await addMember(organisation.id, person.id, role)
    return person
  }
  return {
    /** Administers this organisation and nothing else. */
    administrator: await add('administrator', 'ADMIN'),
    /** Holds no grant. */
    member: await add('member'),
    colleague: await add('colleague'),
    newcomer: await add('newcomer'),
    gone: await add('gone'),
  }
}

/** A project with an environment, a feature with two options, a tag and a segment. */
async function addProject({ create, name }: Scene, organisation: number) {
  const project = await create('projects/', { name, organisation })
  const at = `projects/${project.id}`
  const inside = { name: `${name} live`, project: project.id }
  const environment = await create<Keyed>('environments/', inside)
  const tag = await create(`${at}/tags/`, { label: `${name} tag`, description: name })
  const feature = await create<Made & { multivariate_options: Made[] }>(`${at}/features/`, {
    name: `${name.toLowerCase()}_banner`,
    description: name,
    initial_value: `${name} blue`,
    tags: [tag.id],
    multivariate_options: [
      { string_value: `${name} a`, default_percentage_allocation: 30 },
      { string_value: `${name} b`, default_percentage_allocation: 20 },
    ],
  })
  const rules = rulesOf(equals('plan', `${name} gold`))
  const segment = await create(`${at}/segments/`, { name: `${name} gold`, rules })
  return { at, project, environment, tag, feature, segment, rules }
}

/** Ways in: keys that are kept, revoked and expired, an invite, and a link that is expired. */
async function addKeys({ create, name }: Scene, at: string) {
  const key = (what: string, body: object = {}) =>
    create<{ key: string; prefix: string }>(`${at}/master-api-keys/`, {
      name: `${name} ${what}`,
      ...body,
    })
  const past = '2020-01-01T00:00:00Z'
  const email = `${name}-invited@example.com`.toLowerCase()
  return {
    kept: await key('kept'),
    revoked: await key('revoked', { revoked: true }),
    expired: await key('expired', { expiry_date: past }),
    invite: await create<Secret>(`${at}/invites/`, { email }),
    link: await create<Secret>(`${at}/invite-links/`, { expires_at: past }),
  }
}

/** Grants of both kinds at every level, to the colleague and to the group. */
async function addGrants(
  { create }: Scene,
  at: string[],
  holders: { user: number; group: number },
) {
  const { user, group } = holders
  const grants: Record<string, number> = {}
  for (const place of at) {
    const level = place.split('/')[0] ?? ''
    const permissions = {
      organisations: ['CREATE_PROJECT'],
      projects: ['VIEW_PROJECT'],
      environments: ['VIEW_ENVIRONMENT'],
    }[level]
    const toUser = await create(`${place}/user-permissions/`, { user, permissions })
    const toGroup = await create(`${place}/user-group-permissions/`, { group, permissions })
    grants[`${level}/user-permissions`] = toUser.id
    grants[`${level}/user-group-permissions`] = toGroup.id
  }
  return grants
}

type Project = Awaited<ReturnType<typeof addProject>>

type Home = { organisationId: number; environmentId: number }

/** One to be used, with a delivery that was given up, and one whose secret is being rotated. */
async function addWebhooks({ create, name }: Scene, place: string, home: Home) {
  const at = `${place}/webhooks/`
  const body = { url: `http://127.0.0.1:9/${name}`, enabled: false, secret: `${name} secret` }
  const webhook = await create(at, body)
  const turning = await create(at, body)
  await create(`${at}${turning.id}/rotate-secret/`, {})
  const delivery = await addDelivery({ ...home, webhookId: webhook.id })
  return { webhook, turning, delivery }
}

/** What stands in an environment: identities, overrides of every kind, a server key, a webhook. */
async function addInside(
  { create, name }: Scene,
  { at, ...made }: Project,
  organisationId: number,
) {
  const path = `environments/${made.environment.api_key}`
  const lower = name.toLowerCase()
  const plain = await create(`${at}/features/`, { name: `${lower}_plain` })
  const spare = await create(`${at}/features/`, { name: `${lower}_spare` })
  const { id: feature } = made.feature
  const { rules } = made
  const spareSegment = await create(`${at}/segments/`, { name: `${name} spare`, rules })
  const specific = await create(`${at}/segments/`, { name: `${name} own`, rules, feature })
  const override = (of: number, segment: number) =>
    create<Made & { feature_segment: Made }>(`${path}/features/${of}/create-segment-override/`, {
      enabled: true,
      feature_state_value: { type: 'unicode', string_value: `${name} red` },
      feature_segment: { segment },
    })
  const ofSegment = await override(feature, made.segment.id)
  await override(feature, specific.id)
  await override(plain.id, made.segment.id)
  const identity = await create(`${path}/identities/`, { identifier: `${name} ada` })
  const other = await create(`${path}/identities/`, { identifier: `${name} bob` })
  const own = { feature, enabled: true, feature_state_value: `${name} green` }
  return {
    plain,
    spare,
    spareSegment,
    specific,
    identity,
    other,
    ofSegment,
    trait: await create(`${path}/identities/${identity.id}/traits/`, {
      trait_key: `${lower}_plan`,
      string_value: `${name} gold`,
    }),
    rank: await create(`${path}/identities/${other.id}/traits/`, {
      trait_key: `${lower}_rank`,
      string_value: `${name} first`,
    }),
    ofIdentity: await create(`${path}/identities/${identity.id}/featurestates/`, own),
    ofOther: await create(`${path}/identities/${other.id}/featurestates/`, own),
    serverKey: await create<Made & { key: string }>(`${path}/api-keys/`, { name: `${name} ci` }),
    ...(await addWebhooks({ create, name }, path, {
      organisationId,
      environmentId: made.environment.id,
    })),
  }
}

/** Those of people are left out: members see each other. */
const uuidsIn = (made: unknown): string[] =>
  JSON.stringify(made, (name, value) => (name === 'owners' ? undefined : value)).match(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
  ) ?? []

/** The name is one word; the organisation has an administrator of its own beside the superuser. */
export async function createTenant(name: string) {
  const world = await createWorld(name)
  const people = await addPeople(world, name)
  const { auth } = people.administrator
  const create: Create = (path, body) => done(world.api('POST', path, body, auth))
  const scene = { create, name }
  const organisation = `organisations/${world.organisation.id}`
  const main = await addProject(scene, world.organisation.id)
  const otherProject = await addProject({ create, name: `${name}2` }, world.organisation.id)
  const environmentOf = (what: string) =>
    create<Keyed>('environments/', { name: `${name} ${what}`, project: main.project.id })
  const otherEnvironment = await environmentOf('second')
  const rotating = await environmentOf('rotating')
  await create(`environments/${rotating.api_key}/rotate-key/`, {})
  const inside = await addInside(scene, main, world.organisation.id)
  const identityElsewhere = await create(`environments/${otherEnvironment.api_key}/identities/`, {
    identifier: `${name} cleo`,
  })
  const group = await create(`${organisation}/groups/`, { name: `${name} crew` })
  const spareGroup = await create(`${organisation}/groups/`, { name: `${name} spare` })
  const { colleague, administrator } = people
  await create(`${organisation}/groups/${group.id}/add-users/`, { user_ids: [colleague.id] })
  await create(`${main.at}/features/${main.feature.id}/add-group-owners/`, {
    group_ids: [group.id],
  })
  const places = [organisation, main.at, `environments/${main.environment.api_key}`]
  const grants = await addGrants(scene, places, { user: colleague.id, group: group.id })
  const keys = await addKeys(scene, organisation)
  const home = { organisationId: world.organisation.id, environmentId: main.environment.id }
  const hooks = await addWebhooks(scene, organisation, home)
  const file = await done(
    world.api<{ project: object }>('GET', `${main.at}/export/`, undefined, administrator.auth),
  )
  const { results: entries } = await done(
    world.api<{ results: (Made & { action: string })[] }>(
      'GET',
      `${main.at}/audit/`,
      undefined,
      administrator.auth,
    ),
  )
  await done(world.api('POST', 'auth/logout/', undefined, people.gone.auth))
  const made = { main, otherProject, otherEnvironment, rotating, inside, group, spareGroup, keys }
  return {
    name,
    world,
    ...people,
    ...made,
    hooks,
    identityElsewhere,
    grants,
    file,
    entry: entries[0]?.id ?? 0,
    /** One that can be taken back. */
    edit: entries.find(({ action }) => action === 'feature.updated')?.id ?? 0,
    /** What no stranger may read. */
    secrets: [
      ...uuidsIn([world.organisation, made]),
      ...[main, otherProject].map(({ environment }) => environment.api_key),
      otherEnvironment.api_key,
      rotating.api_key,
      inside.serverKey.key,
      world.keyPrefix,
      ...[keys.kept.key, keys.invite.hash, keys.link.hash],
    ],
  }
}

export type Tenant = Awaited<ReturnType<typeof createTenant>>
