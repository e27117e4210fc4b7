import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'
import { addSegment, lastEntries } from '../support/segments.ts'
import { dumpAtRest } from '../support/settled.ts'

type Project = { id: number; uuid: string; name: string }

let world: World
let place: Place
let path: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  path = `projects/${place.project.id}/`
})

const limits = {
  max_features_allowed: 10_000,
  max_segments_allowed: 5_000,
  max_segment_overrides_allowed: 20_000,
  max_segment_conditions_allowed: 1_000,
  max_feature_value_bytes: 100_000,
}

const contract = {
  max_features_allowed: 1000,
  max_segments_allowed: 500,
  max_segment_overrides_allowed: 2000,
  max_segment_conditions_allowed: 100,
  max_feature_value_bytes: 20000,
  enforce_feature_owners: false,
}

const read = (id = place.project.id) =>
  done(world.api<Record<string, unknown>>('GET', `projects/${id}/`))

describe('the limits of a project', () => {
  it('begin as the contract has them, and stand on the project alone, not in lists', async () => {
    expect(await read()).toMatchObject(contract)
    const listed = await done(world.api<object[]>('GET', 'projects/'))
    expect(listed[0]).not.toHaveProperty('max_features_allowed')
    expect(listed[0]).toMatchObject({ enforce_feature_owners: false })
  })

  it.each(['PUT', 'PATCH'])('are set by %s up to their bounds, and read back', async (method) => {
    const sent = { ...limits, enforce_feature_owners: true, name: place.project.name }
    await done(world.api(method, path, sent))
    expect(await read()).toMatchObject(sent)
    const least = Object.fromEntries(Object.keys(limits).map((name) => [name, '1']))
    await done(world.api(method, path, least))
    expect(await read()).toMatchObject({ max_features_allowed: 1, max_feature_value_bytes: 1 })
    await done(world.api(method, path, contract))
    expect(await read()).toMatchObject(contract)
  })

  it('are taken with a new project', async () => {
    const body = { ...limits, organisation: world.organisation.id, enforce_feature_owners: true }
    const made = await done(world.api<Project>('POST', 'projects/', { name: 'Wide', ...body }))
    expect(made).toMatchObject({ enforce_feature_owners: true })
    expect(await read(made.id)).toMatchObject({ ...limits, enforce_feature_owners: true })
    const byUuid = await done(world.api('GET', `projects/get-by-uuid/${made.uuid}/`))
    expect(byUuid).toEqual(await read(made.id))
  })

  it('stand in the log with what they were', async () => {
    await done(world.api('PATCH', path, { max_segments_allowed: 7 }))
    const [entry] = await lastEntries(world, place, 1)
    expect(entry).toMatchObject({
      action: 'project.updated',
      before: { max_segments_allowed: 500 },
      after: { max_segments_allowed: 7 },
    })
    await done(world.api('PATCH', path, contract))
  })

  it.each(Object.entries(limits))('%s takes whole numbers from 1 to %i only', async (name, max) => {
    const before = await dumpAtRest()
    for (const value of [0, -1, max + 1, 1.5, '1e3', 'many', null, [5], 2 ** 53]) {
      const { status, body } = await world.api('PATCH', path, { [name]: value })
      expect([value, status]).toEqual([value, 400])
      expect(body).toEqual({ [name]: [expect.any(String)] })
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it('are set by administrators of the project only', async () => {
    const member = await addColleague(world)
    const other = await createWorld('Neighbours of limits')
    const before = await dumpAtRest()
    for (const auth of [member.auth, other.keyAuth]) {
      const { status } = await world.api('PATCH', path, limits, auth)
      expect([403, 404]).toContain(status)
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('settings that mean nothing here', () => {
  it('are taken with the value that changes nothing, and write nothing', async () => {
    const before = await dumpAtRest()
    const sent = {
      minimum_change_request_approvals: null,
      show_edge_identity_overrides_for_feature: false,
    }
    for (const method of ['PUT', 'PATCH']) {
      expect((await world.api(method, path, sent)).body).toMatchObject(sent)
    }
    expect(await dumpAtRest()).toBe(before)
  })

  it.each([
    [{ minimum_change_request_approvals: 0 }, /Change requests are not available/],
    [{ minimum_change_request_approvals: 1 }, /Change requests are not available/],
    [{ minimum_change_request_approvals: '' }, /Change requests are not available/],
    [{ show_edge_identity_overrides_for_feature: true }, /no edge identities/],
    [{ show_edge_identity_overrides_for_feature: 'yes' }, /no edge identities/],
  ])('are refused with another: %j', async (body, message) => {
    const before = await dumpAtRest()
    const create = { name: 'Refused', organisation: world.organisation.id, ...body }
    for (const [method, at, sent] of [
      ['PUT', path, body],
      ['PATCH', path, body],
      ['POST', 'projects/', create],
    ] as const) {
      expect(await world.api(method, at, sent)).toMatchObject({
        status: 400,
        body: { [Object.keys(body)[0] ?? '']: [expect.stringMatching(message)] },
      })
    }
    expect(await dumpAtRest()).toBe(before)
  })
})

it('the totals of a project are what is in it, and in no other', async () => {
  const other = await addEnvironment(world, 'Counted')
  expect(await read(other.project.id)).toMatchObject({ total_features: 0, total_segments: 0 })
  const { feature } = await addState(world, other)
  await addState(world, other)
  await addSegment(world, other)
  await addSegment(world, other, { feature })
  const third = await addSegment(world, other)
  expect(await read(other.project.id)).toMatchObject({ total_features: 2, total_segments: 3 })
  await done(world.api('DELETE', `projects/${other.project.id}/segments/${third.id}/`))
  await done(world.api('DELETE', `projects/${other.project.id}/features/${feature}/`))
  expect(await read(other.project.id)).toMatchObject({ total_features: 1, total_segments: 1 })
})
