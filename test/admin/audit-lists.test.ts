/** The original's lists of the audit log and their filters; what entries say is in audit.test.ts. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, split } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'

type Entry = {
  id: number
  log: string
  action: string
  project: { id: number } | null
  environment: { id: number } | null
  related_object_type: string
  is_system_event: boolean
  created_date: string
}
type Page = { count: number; next: string | null; results: Entry[] }

let world: World
let foreign: World
let place: Place
let staging: { id: number; api_key: string }
let other: Place

/** The last entry once more, as if something else about it were so: no route makes such a one. */
async function repeatLast(projectId: number, at: { place: number; path: string; value: string }) {
  const { meta } = await env.DB.prepare(
    `INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, resource_type,
      project_id, created_at, record)
    SELECT ledger, ?2, hash, change_id, action,
      iif(?3 = '$.actor.kind', ?4, actor_kind), resource_type, project_id, created_at,
      json_set(record, ?3, ?4)
    FROM entries WHERE project_id = ?1 ORDER BY id DESC LIMIT 1`,
  )
    .bind(projectId, at.place, at.path, at.value)
    .run()
  return meta.last_row_id
}

beforeAll(async () => {
  world = await createWorld('Lists')
  foreign = await createWorld('Foreign')
  place = await addEnvironment(world, 'Shop')
  const body = { name: 'Staging', project: place.project.id }
  staging = await done(world.api('POST', 'environments/', body))
  await addState(world, place, { name: 'banner', ...split })
  other = await addEnvironment(world, 'Other')
  await addEnvironment(foreign, 'Theirs')
  await repeatLast(place.project.id, { place: -1, path: '$.actor.kind', value: 'system' })
})

const list = async (path: string, auth?: string) =>
  done(world.api<Page>('GET', path, undefined, auth))
const ofProject = (query = '') => list(`projects/${place.project.id}/audit/?${query}`)
const ofOrganisation = (query = '') =>
  list(`organisations/${world.organisation.id}/audit/?${query}`)

describe('a list holds', () => {
  it('entries of the project, of all projects, of all organisations that one administers', async () => {
    const own = (await ofProject()).results
    expect(new Set(own.map(({ project }) => project?.id))).toEqual(new Set([place.project.id]))
    const all = (await ofOrganisation()).results
    const projects = [place.project.id, other.project.id]
    expect(new Set(all.map(({ project }) => project?.id))).toEqual(new Set(projects))
    expect(all.filter(({ project }) => project?.id === place.project.id)).toEqual(own)
    const person = await addColleague(world, 'ADMIN')
    expect(await list('audit/', person.auth)).toEqual(await ofOrganisation())
    const member = await addColleague(world)
    expect((await list('audit/', member.auth)).results).toEqual([])
    await addMember(foreign.organisation.id, person.id, 'ADMIN')
    const both = (await list('audit/', person.auth)).results
    expect(both.filter(({ project }) => projects.includes(project?.id ?? 0))).toEqual(all)
    expect(both.length).toBeGreaterThan(all.length)
  })

  it('newest first, and equal times always in the same order', async () => {
    const { results } = await ofOrganisation()
    const sorted = [...results].sort((a, b) =>
      a.created_date === b.created_date ? b.id - a.id : a.created_date < b.created_date ? 1 : -1,
    )
    expect(results).toEqual(sorted)
    const single: Entry[] = []
    for (let page = 1; page <= results.length; page++) {
      single.push(...(await ofOrganisation(`page=${page}&page_size=1`)).results)
    }
    expect(single).toEqual(results)
    expect(
      await world.api('GET', `organisations/${world.organisation.id}/audit/?page=99`),
    ).toMatchObject({ status: 404, body: { detail: 'Invalid page.' } })
  })

  it('what was done, and nothing that was only tried', async () => {
    const before = [await ofProject(), await ofOrganisation(), await ofProject('search=e')]
    const tried = { place: -2, path: '$.outcome', value: 'denied' }
    const id = await repeatLast(place.project.id, tried)
    expect([await ofProject(), await ofOrganisation(), await ofProject('search=e')]).toEqual(before)
    for (const path of [`projects/${place.project.id}`, `organisations/${world.organisation.id}`]) {
      expect((await world.api('GET', `${path}/audit/${id}/`)).status).toBe(404)
    }
  })

  it('entries of what is gone, without what is gone', async () => {
    const gone = await addEnvironment(world, 'Gone')
    await addState(world, gone, { name: 'going' })
    await done(world.api('DELETE', `environments/${gone.environment.api_key}/`))
    const told = await list(`projects/${gone.project.id}/audit/?search=going`)
    expect(told.count).toBeGreaterThan(1)
    expect(told.results.every(({ environment }) => environment === null)).toBe(true)
    await done(world.api('DELETE', `projects/${gone.project.id}/`))
    const after = await ofOrganisation(`project=${gone.project.id}`)
    expect(after.results.map(({ log }) => log)).toContain('Project deleted: Gone')
    expect(after.results.every(({ project }) => project === null)).toBe(true)
    expect(after.count).toBeGreaterThan(told.count)
    const { id } = told.results[0] ?? { id: 0 }
    const path = `organisations/${world.organisation.id}/audit/${id}/`
    expect(await done(world.api('GET', path))).toMatchObject({ id, project: null })
  })
})

describe('a filter', () => {
  it('of environments may stand several times', async () => {
    const [first, second] = [place.environment.id, staging.id]
    const all = (await ofProject()).results
    const of = (...ids: number[]) =>
      all.filter(({ environment }) => environment !== null && ids.includes(environment.id))
    expect((await ofProject(`environments=${first}`)).results).toEqual(of(first))
    expect((await ofProject(`environments=${second}`)).results).toEqual(of(second))
    const both = await ofProject(`environments=${first}&environments=${second}`)
    expect(both.results).toEqual(of(first, second))
    expect(both.count).toBe(of(first, second).length)
    expect(of(first).length).toBeGreaterThan(0)
    expect(of(second).length).toBeGreaterThan(0)
    expect((await ofProject('environments=2147483647')).results).toEqual([])
    expect((await ofProject('environment=2147483647')).results).toEqual(all)
  })

  it('of system events is right on both sides', async () => {
    const all = (await ofProject()).results
    for (const [words, value] of [
      [['true', 'True', '1'], true],
      [['false', 'False', '0'], false],
    ] as const) {
      const expected = all.filter((entry) => entry.is_system_event === value)
      expect(expected.length).toBeGreaterThan(0)
      for (const word of words) {
        const found = await ofProject(`is_system_event=${word}`)
        expect([found.count, found.results]).toEqual([expected.length, expected])
        expect(
          (await ofOrganisation(`is_system_event=${word}&project=${place.project.id}`)).results,
        ).toEqual(expected)
      }
    }
  })

  it('of a project leaves the others out', async () => {
    expect((await ofOrganisation(`project=${other.project.id}`)).results).toEqual(
      (await list(`projects/${other.project.id}/audit/`)).results,
    )
    expect((await ofProject(`project=${other.project.id}`)).results).toEqual([])
    expect((await ofProject(`project=${place.project.id}`)).count).toBe((await ofProject()).count)
  })

  it('of text finds it anywhere in the log text, whatever its case', async () => {
    const all = (await ofProject()).results
    for (const text of ['BANNER', 'config created: b', 'new environment', 'nothing like it']) {
      const expected = all.filter(({ log }) => log.toLowerCase().includes(text.toLowerCase()))
      const found = await ofProject(`search=${encodeURIComponent(text)}&page_size=999`)
      expect([found.count, found.results]).toEqual([expected.length, expected])
    }
    expect((await ofProject('search=')).count).toBe(all.length)
    expect((await ofOrganisation('search=banner&is_system_event=true')).count).toBe(1)
  })

  it('is text and no pattern, quote or statement', async () => {
    for (const text of [
      '%',
      '_',
      "' OR 1=1 --",
      '"',
      '\\',
      '*',
      "'; DROP TABLE entries; --",
      '(',
      '🏁',
    ]) {
      for (const path of [
        `projects/${place.project.id}`,
        `organisations/${world.organisation.id}`,
      ]) {
        const query = `search=${encodeURIComponent(text)}`
        expect(await list(`${path}/audit/?${query}`)).toMatchObject({ count: 0, results: [] })
      }
    }
    expect((await ofProject()).count).toBeGreaterThan(0)
  })

  it('that is not valid is named', async () => {
    for (const [name, value] of [
      ['project', 'x'],
      ['project', '0'],
      ['environments', 'all'],
      ['environments', '1.5'],
      ['environments', "1' OR '1'='1"],
      ['is_system_event', 'perhaps'],
      ['search', 'x'.repeat(257)],
      ['search', '\0'],
    ] as const) {
      for (const path of ['audit/', `organisations/${world.organisation.id}/audit/`]) {
        const query = `${name}=${encodeURIComponent(value)}`
        const { status, body } = await world.api('GET', `${path}?${query}`)
        expect([name, value, status]).toEqual([name, value, 400])
        expect(Object.keys(body as object)).toEqual([name])
      }
    }
    expect((await ofProject(`search=${'x'.repeat(256)}`)).count).toBe(0)
  })
})
