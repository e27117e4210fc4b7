/** The native audit log: its filters, cursors and guards. What each filter finds: storage/audit.test.ts. */
import { beforeAll, describe, expect, it } from 'vitest'
import { leafHash } from '../../src/ledger/chain.ts'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'

type Entry = {
  id: number
  sequence: number
  time: string
  change: string
  action: string
  log: string
  actor: { kind: string; id: string | null }
  resource: { type: string; id: string | null }
  source: { request_id: string }
  environment: { id: number } | null
  project: number | null
  outcome: string
  hash: string
  diff: object[]
}
type Page = { results: Entry[]; next: string | null; previous: string | null }

let world: World
let foreign: World
let place: Place
let other: Place
let state: State
let all: Entry[]

const pathOf = (of: World) => `organisations/${of.organisation.id}/audit/entries/`
const read = (query = '', of = world) => done(of.api<Page>('GET', `${pathOf(of)}?${query}`))
const found = async (query: string) => (await read(`${query}&limit=1000`)).results

beforeAll(async () => {
  world = await createWorld('Entries')
  foreign = await createWorld('Foreign entries')
  place = await addEnvironment(world, 'Shop')
  other = await addEnvironment(world, 'Other')
  await addEnvironment(foreign, 'Theirs')
  state = await addState(world, place, { name: 'banner' })
  await addState(world, other, { name: 'Banner' })
  const flag = `environments/${place.environment.api_key}/featurestates/${state.id}/`
  await done(world.api('PUT', flag, { enabled: true }))
  await done(world.api('PUT', flag, { enabled: false }, world.keyAuth))
  await done(
    world.api('POST', `projects/${place.project.id}/tags/`, { label: 'new', color: '#fff' }),
  )
  all = (await read('limit=1000')).results
})

describe('an entry', () => {
  it('is the record that was hashed, with what is personal and what follows from it', async () => {
    const entry = all.find(({ action }) => action === 'feature-state.updated')
    if (entry === undefined) throw new Error('nothing was updated')
    const { id, hash, diff, ...told } = entry
    const leaf = `organisations/${world.organisation.id}/audit/leaf/${entry.sequence}/`
    const record = await done(world.api<Entry>('GET', leaf))
    expect(await leafHash(JSON.stringify(record))).toBe(hash)
    expect(told).toMatchObject(record)
    const actor = { name: 'automation', credential: `key:${world.keyPrefix}` }
    expect(told).toMatchObject({ v: 2, actor, source: { ip: null, user_agent: null } })
    expect(diff).toContainEqual({ op: 'replace', path: '/enabled', value: false, old: true })
    expect(id).toBeGreaterThan(0)
    expect(await done(world.api('GET', `${pathOf(world)}${entry.sequence}/`))).toEqual(entry)
  })

  it('that is not in the log is unknown', async () => {
    for (const sequence of ['0', '999999', 'x', '-1', '9'.repeat(30), '1%20OR%201=1']) {
      expect((await world.api('GET', `${pathOf(world)}${sequence}/`)).status).toBe(404)
    }
  })
})

describe('a filter', () => {
  const cases: Record<string, [() => string, (entry: Entry) => boolean]> = {
    actor: [() => `actor=${world.keyPrefix}`, ({ actor }) => actor.id === world.keyPrefix],
    'actor kind': [() => 'actor_kind=organisation-key', ({ actor }) => actor.kind !== 'user'],
    'exact action': [() => 'action=feature.created', ({ action }) => action === 'feature.created'],
    noun: [() => 'action=feature:*', ({ action }) => action.startsWith('feature.')],
    verb: [() => 'action=*:updated', ({ action }) => action.endsWith('.updated')],
    'part of a noun': [() => 'action=feature*:*', ({ action }) => action.startsWith('feature')],
    'any action': [() => 'action=*', () => true],
    'no action': [() => 'action=feature', () => false],
    type: [() => 'resource_type=TAG', ({ resource }) => resource.type === 'TAG'],
    'type and id': [
      () => `resource_type=FEATURE_STATE&resource_id=${state.id}`,
      ({ resource }) => resource.type === 'FEATURE_STATE' && resource.id === String(state.id),
    ],
    'flag by name': [() => 'flag=BANNER', ({ resource }) => resource.type.startsWith('FEATURE')],
    'flag by id': [
      () => `flag=${state.feature}`,
      ({ resource, project }) =>
        resource.type.startsWith('FEATURE') && project === place.project.id,
    ],
    environment: [
      () => `environment=${place.environment.id}`,
      ({ environment }) => environment?.id === place.environment.id,
    ],
    project: [() => `project=${other.project.id}`, ({ project }) => project === other.project.id],
    outcome: [() => 'outcome=ok', ({ outcome }) => outcome === 'ok'],
    denied: [() => 'outcome=denied', ({ outcome }) => outcome === 'denied'],
    change: [() => `change=${all[3]?.change}`, ({ change }) => change === all[3]?.change],
    request: [
      () => `request_id=${all[0]?.source.request_id}`,
      ({ source }) => source.request_id === all[0]?.source.request_id,
    ],
    text: [() => 'q=NEW+TAG', ({ log }) => log.startsWith('New Tag')],
    from: [() => `from=${all[2]?.time}`, ({ time }) => time >= (all[2]?.time ?? '')],
    to: [() => `to=${all[2]?.time}`, ({ time }) => time < (all[2]?.time ?? '')],
    'a day': [() => 'from=2020-01-01&to=2020-01-02', () => false],
    'all together': [
      () =>
        `q=banner&flag=${state.feature}&action=*:updated&actor_kind=user&outcome=ok&from=2020-01-01` +
        `&project=${place.project.id}&environment=${place.environment.id}&actor=${world.superuser.id}`,
      ({ log, action, actor, project }) =>
        /banner/.test(log) &&
        action.endsWith('.updated') &&
        actor.kind === 'user' &&
        project === place.project.id,
    ],
    'nothing asked': [() => 'action=&q=&flag=&actor=&change=&request_id=&resource_id=', () => true],
  }

  it.each(Object.entries(cases))('%s', async (name, [query, holds]) => {
    const expected = all.filter(holds)
    if (!['no action', 'denied', 'a day'].includes(name)) expect(expected.length).toBeGreaterThan(0)
    expect(await found(query())).toEqual(expected)
    expect(await found(`${query()}&order=asc`)).toEqual(expected.toReversed())
  })

  it('finds a deleted flag by its name', async () => {
    const { feature } = await addState(world, other, { name: 'short-lived' })
    await done(world.api('DELETE', `projects/${other.project.id}/features/${feature}/`))
    expect((await found('flag=short-lived')).map(({ action }) => action)).toEqual([
      'feature-state.deleted',
      'feature.deleted',
      'feature-state.created',
      'feature.created',
    ])
    all = (await read('limit=1000')).results
  })

  it('that is not valid is named', async () => {
    for (const [name, value] of [
      ['from', 'yesterday'],
      ['from', '2026-13-01'],
      ['to', '2026-01-01T25:00:00Z'],
      ['actor_kind', 'robot'],
      ['environment', 'x'],
      ['project', '0'],
      ['outcome', 'maybe'],
      ['limit', '0'],
      ['limit', '1001'],
      ['order', 'up'],
      ['format', 'xml'],
      ['after', 'x'],
      ['before', 'b3JnYW5pc2F0aW9uOjk5OTk5OS8x'],
      ['after', '💥'],
      ['q', 'x'.repeat(257)],
      ['request_id', '\0'],
    ] as const) {
      const query = `${name}=${encodeURIComponent(value)}`
      const { status, body } = await world.api('GET', `${pathOf(world)}?${query}`)
      expect([name, value, status]).toEqual([name, value, 400])
      expect(Object.keys(body as object)).toEqual([name])
    }
  })

  it('is a value and no pattern, quote or statement', async () => {
    const hostile = [
      '%',
      '_',
      "' OR 1=1 --",
      '"',
      '\\',
      "'; DROP TABLE entries; --",
      '[',
      '{}',
      '🏁',
      '$.a',
    ]
    for (const text of hostile) {
      for (const name of [
        'q',
        'actor',
        'action',
        'resource_type',
        'resource_id',
        'flag',
        'request_id',
        'change',
      ]) {
        // A brace or an underscore is in no name here, and `_` in none of the log's words.
        expect([name, text, await found(`${name}=${encodeURIComponent(text)}`)]).toEqual([
          name,
          text,
          [],
        ])
      }
    }
  })
})

describe('cursors', () => {
  const walk = async (query: string, meanwhile = async () => {}) => {
    const pages: Page[] = []
    let after = ''
    do {
      const page = await read(`${query}${after}`)
      pages.push(page)
      after = `&after=${page.next}`
      await meanwhile()
    } while (pages.at(-1)?.next !== null)
    return pages
  }

  it('lead through the whole log and back, in both orders', async () => {
    for (const [order, expected] of [
      ['desc', all],
      ['asc', all.toReversed()],
    ] as const) {
      const pages = await walk(`order=${order}&limit=4`)
      expect(pages.flatMap(({ results }) => results)).toEqual(expected)
      expect(pages[0]?.previous).toBe(null)
      let back = pages.at(-1)
      for (const page of pages.slice(0, -1).reverse()) {
        back = await read(`order=${order}&limit=4&before=${back?.previous}`)
        expect(back.results).toEqual(page.results)
        const on = await read(`order=${order}&limit=4&after=${back.next}`)
        expect(on.results).toEqual(pages[pages.indexOf(page) + 1]?.results)
      }
      expect(back?.previous).toBe(null)
    }
  })

  it('neither lose nor repeat an entry while others are written', async () => {
    let count = 0
    const write = () =>
      done(
        world.api('POST', `projects/${other.project.id}/tags/`, {
          label: `t${count++}`,
          color: '#fff',
        }),
      ).then(() => {})
    const seen = (await walk('limit=3', write)).flatMap(({ results }) => results)
    expect(seen).toEqual(all)
    const rising = await walk('limit=3&order=asc', () => (count < 20 ? write() : Promise.resolve()))
    const sequences = rising.flatMap(({ results }) => results.map(({ sequence }) => sequence))
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    expect(sequences.length).toBeGreaterThan(all.length + 5)
    all = (await read('limit=1000')).results
  })

  it('of another log are refused', async () => {
    const { next } = await read('limit=1', foreign)
    expect(await world.api('GET', `${pathOf(world)}?after=${next}`)).toMatchObject({
      status: 400,
      body: { after: ['Not a cursor of this log.'] },
    })
    const { next: own } = await read('limit=1')
    expect((await world.api('GET', `${pathOf(world)}?after=${own}&before=${own}`)).status).toBe(400)
  })
})

describe('of another organisation', () => {
  it('ids find nothing, and nobody reads its log', async () => {
    const [theirs] = (await read('resource_type=ENVIRONMENT', foreign)).results
    expect(theirs).toBeDefined()
    for (const query of [
      `project=${theirs?.project}`,
      `environment=${theirs?.environment?.id}`,
      `request_id=${theirs?.source.request_id}`,
      `change=${theirs?.change}`,
      `actor=${foreign.keyPrefix}`,
    ]) {
      expect([query, await found(query)]).toEqual([query, []])
    }
    const stranger = await addUser('stranger-of-entries@example.com')
    const member = await addColleague(world)
    for (const auth of [stranger.auth, member.auth, foreign.keyAuth]) {
      for (const path of ['', '1/', '?limit=x']) {
        expect((await world.api('GET', `${pathOf(world)}${path}`, undefined, auth)).status).toBe(
          403,
        )
      }
    }
    expect((await world.api('GET', pathOf(world), undefined, world.keyAuth)).status).toBe(200)
  })
})
