import { beforeAll, describe, expect, it } from 'vitest'
import { addMember, addUser, createWorld, type World } from '../support/admin.ts'
import { addGroup } from '../support/grants.ts'
import {
  type Client,
  createClient,
  type Feature,
  type Project,
  type Tag,
} from '../support/terraform.ts'

let world: World
let client: Client
let project: Project

beforeAll(async () => {
  world = await createWorld()
  client = createClient(world.keyAuth)
  project = await client.saveProject({ name: 'Managed', organisation: world.organisation.id })
})

const addFeature = (set: object = {}) =>
  client.saveFeature(project.uuid, { name: crypto.randomUUID(), description: 'managed', ...set })

describe('flagsmith_feature with owners and tags', () => {
  const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id)

  it('sends ids, reads objects, and moves owners one list after the other', async () => {
    const { id: organisation } = world.organisation
    const [web, app] = [await addGroup(world, 'Web'), await addGroup(world, 'App')]
    const person = await addUser('owner-of-flags@example.com')
    await addMember(organisation, person.id, 'ADMIN')
    const tag = await client.saveTag(project.uuid, { label: 'owned' })
    const state = { owners: [world.superuser.id], group_owners: [web.id] }
    const made = await addFeature({ ...state, tags: [tag.id] })
    const read = () => client.get<Feature>(`features/get-by-uuid/${made.uuid}/`)
    expect(await read()).toEqual(made)
    expect([made.tags, idsOf(made.owners), idsOf(made.group_owners)]).toEqual([
      [tag.id],
      state.owners,
      state.group_owners,
    ])
    const plan = { owners: [person.id], group_owners: [app.id] }
    const { id, uuid, name, type } = made
    await client.saveFeature(project.uuid, { id, uuid, name, type, description: 'owned', ...plan })
    const kept = await read()
    expect([kept.tags, idsOf(kept.owners)]).toEqual([[], state.owners])
    await client.moveOwners(made, state, plan)
    const after = await read()
    expect([idsOf(after.owners), after.group_owners]).toEqual([plan.owners, [app]])
  })

  it('that asks for owners stops without one, because a key owns nothing', async () => {
    const organisation = world.organisation.id
    const set = { name: 'Owned', organisation, enforce_feature_owners: true }
    const owned = await client.saveProject(set)
    const feature = { name: 'orphan', description: 'owned' }
    await expect(client.saveFeature(owned.uuid, feature)).rejects.toThrow('at least one owner')
    const owners = [world.superuser.id]
    const made = await client.saveFeature(owned.uuid, { ...feature, owners })
    expect(idsOf(made.owners)).toEqual(owners)
  })
})

describe('flagsmith_tag', () => {
  it('is made, read in its project, changed and deleted', async () => {
    const made = await client.saveTag(project.uuid, { label: 'new', color: '#f00' })
    const path = `projects/${project.id}/tags/get-by-uuid/${made.uuid}/`
    const read = await client.get<Tag>(path)
    expect(read).toEqual(made)
    expect(read).toMatchObject({ project: project.id, color: '#f00', description: null })
    const changes = { ...made, label: 'renamed', color: '#0f0', description: 'why' }
    await client.saveTag(project.uuid, changes)
    expect(await client.get(path)).toEqual(changes)
    await client.remove(`projects/${project.id}/tags/${made.id}/`)
    expect(await client.isGone(path)).toBe(true)
  })

  it('without a colour gets the one that the provider has planned', async () => {
    const made = await client.saveTag(project.uuid, { label: 'plain' })
    expect(made).toMatchObject({ color: '#6837FC', description: null })
  })
})
