/** One entry of the original's view, and who may read the log at all. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State, split } from '../support/flags.ts'
import { grant } from '../support/grants.ts'
import { addColleague } from '../support/people.ts'
import { addSegment } from '../support/segments.ts'

type Entry = { id: number; related_object_type: string }
type Detail = Entry & {
  change_details: { field: string; old: unknown; new: unknown }[]
  change_type: string
  reverts: number | null
}
type Page = { results: Entry[] }

let world: World
let foreign: World
let place: Place
let other: Place
let state: State

beforeAll(async () => {
  world = await createWorld('Details')
  foreign = await createWorld('Foreign details')
  place = await addEnvironment(world, 'Shop')
  const body = { name: 'Staging', project: place.project.id }
  await done(world.api('POST', 'environments/', body))
  state = await addState(world, place, { name: 'banner', ...split })
  other = await addEnvironment(world, 'Other')
  await addEnvironment(foreign, 'Theirs')
})

const list = async (path: string, auth?: string) =>
  done(world.api<Page>('GET', path, undefined, auth))
const ofProject = (query = '') => list(`projects/${place.project.id}/audit/?${query}`)

describe('one entry', () => {
  const last = async () => {
    const [{ id } = { id: 0 }] = (await ofProject('page_size=1')).results
    return done(world.api<Detail>('GET', `projects/${place.project.id}/audit/${id}/`))
  }

  it('tells what an update changed, field by field', async () => {
    const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
    const body = { enabled: true, feature_state_value: 7 }
    await done(world.api('PUT', path, body))
    const entry = await last()
    expect(entry.change_type).toBe('UPDATE')
    expect(entry.change_details).toEqual([
      { field: 'enabled', old: false, new: true },
      { field: 'integer_value', old: null, new: 7 },
      { field: 'string_value', old: 'blue', new: null },
      { field: 'type', old: 'unicode', new: 'int' },
    ])
    const shares = state.multivariate_feature_state_values.map((share, index) => ({
      ...share,
      percentage_allocation: index === 0 ? 31 : share.percentage_allocation,
    }))
    await done(world.api('PUT', path, { multivariate_feature_state_values: shares }))
    expect((await last()).change_details).toEqual([
      { field: 'percentage_allocation', old: 30, new: 31 },
    ])
  })

  it('tells a new feature state whole, other new things and what is deleted not at all', async () => {
    const made = await addState(world, place, { name: 'fresh' })
    const entries = (await ofProject('search=fresh')).results
    const details = await Promise.all(
      entries.map(({ id }) =>
        done(world.api<Detail>('GET', `projects/${place.project.id}/audit/${id}/`)),
      ),
    )
    for (const { related_object_type, change_type, change_details } of details) {
      expect(change_type).toBe('CREATE')
      expect(change_details.every(({ old }) => old === null)).toBe(true)
      expect(change_details.length > 0).toBe(related_object_type === 'FEATURE_STATE')
    }
    const states = details.filter(({ change_details }) => change_details.length > 0)
    expect(states.length).toBe(2)
    expect(states[0]?.change_details).toContainEqual({ field: 'enabled', old: null, new: false })
    await done(world.api('DELETE', `projects/${place.project.id}/features/${made.feature}/`))
    expect(await last()).toMatchObject({ change_type: 'DELETE', change_details: [] })
    await addSegment(world, place, { name: 'fresh segment' })
    expect(await last()).toMatchObject({ change_type: 'CREATE', change_details: [] })
  })

  it('has every key of its line in the list, in each of the lists', async () => {
    const [line] = (await ofProject('page_size=1')).results
    for (const path of ['audit', `organisations/${world.organisation.id}/audit`]) {
      const entry = await done(world.api<Detail>('GET', `${path}/${line?.id}/`))
      const { change_details, change_type, reverts, ...rest } = entry
      expect(rest).toEqual(line)
      expect(reverts).toBeNull()
    }
  })
})

describe('whoever may not', () => {
  it('reads no list and no entry', async () => {
    const [line] = (await ofProject('page_size=1')).results
    const [{ id: theirs } = { id: 0 }] = (await list('audit/', foreign.auth)).results
    const organisation = `organisations/${world.organisation.id}/audit/`
    const project = `projects/${place.project.id}/audit/`
    const stranger = await addUser('stranger-of-audit@example.com')
    const member = await addColleague(world)
    const viewer = await addColleague(world)
    const auditor = await addColleague(world)
    const at = { organisationId: world.organisation.id, projectId: place.project.id }
    await grant({ ...at, userId: viewer.id, permissions: ['VIEW_PROJECT'] })
    await grant({ ...at, userId: auditor.id, permissions: ['VIEW_PROJECT', 'VIEW_AUDIT_LOG'] })
    const statuses: [string, string, number, number][] = [
      [organisation, stranger.auth, 403, 403],
      [organisation, foreign.keyAuth, 403, 403],
      [organisation, member.auth, 403, 403],
      [organisation, auditor.auth, 403, 403],
      [organisation, world.keyAuth, 200, 200],
      [project, stranger.auth, 404, 404],
      [project, foreign.keyAuth, 404, 404],
      [project, member.auth, 404, 404],
      [project, viewer.auth, 403, 403],
      [project, auditor.auth, 200, 200],
      ['audit/', world.keyAuth, 403, 403],
      ['audit/', stranger.auth, 200, 404],
      ['audit/', auditor.auth, 200, 404],
    ]
    for (const [path, auth, of, one] of statuses) {
      const answers = [
        await world.api('GET', path, undefined, auth),
        await world.api('GET', `${path}${line?.id}/`, undefined, auth),
      ]
      expect([path, ...answers.map(({ status }) => status)]).toEqual([path, of, one])
    }
    for (const path of [organisation, project, `projects/${other.project.id}/audit/`]) {
      const entry = path.includes(`/${other.project.id}/`) ? line?.id : theirs
      for (const id of [entry, 0, 'x', '9'.repeat(20)]) {
        expect((await world.api('GET', `${path}${id}/`)).status).toBe(404)
      }
    }
  })
})
