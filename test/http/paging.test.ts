import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'

type Page = { count: number; next: string | null; previous: string | null; results: unknown[] }

let world: World
let place: Place

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  for (let index = 1; index < 12; index++) {
    const body = { name: `Environment ${index}`, project: place.project.id }
    await done(world.api('POST', 'environments/', body))
  }
})

const page = (query: string) =>
  world.api<Page>('GET', `environments/?project=${place.project.id}${query}`)

describe('pages', () => {
  it('of ten come with absolute links to their neighbours', async () => {
    const base = `http://localhost/api/v1/environments/?project=${place.project.id}`
    const first = await done(page(''))
    expect({ ...first, results: first.results.length }).toEqual({
      count: 12,
      next: `${base}&page=2`,
      previous: null,
      results: 10,
    })
    const second = await done(page('&page=2'))
    expect({ ...second, results: second.results.length }).toEqual({
      count: 12,
      next: null,
      previous: `${base}&page=1`,
      results: 2,
    })
    expect(first.results.concat(second.results).length).toBe(12)
  })

  it('can be followed from link to link, page size and all', async () => {
    const seen: unknown[] = []
    let link: string | null = `environments/?project=${place.project.id}&page_size=5`
    while (link !== null) {
      const found: Page = await done(world.api<Page>('GET', link))
      seen.push(...found.results)
      link = found.next?.replace('http://localhost/api/v1/', '') ?? null
    }
    expect(new Set(seen.map((item) => (item as { id: number }).id)).size).toBe(12)
  })

  it.each([
    ['999', 12],
    ['1000000', 12],
    ['1', 1],
    ['0', 10],
    ['-1', 10],
    ['abc', 10],
    ['1e300', 12],
    ['', 10],
  ])('of size %s hold %i', async (size, count) => {
    expect((await done(page(`&page_size=${size}`))).results.length).toBe(count)
  })

  it.each([
    '3',
    '0',
    '-1',
    'abc',
    '',
    '1.5',
    '1e300',
    '99999999999999999999',
    'Infinity',
    '0x1',
    '%00',
  ])('that do not exist answer 404: %s', async (number) => {
    expect(await page(`&page=${number}`)).toMatchObject({
      status: 404,
      body: { detail: 'Invalid page.' },
    })
  })

  it('of nothing are one empty page', async () => {
    const key = place.environment.api_key
    expect(await done(world.api('GET', `environments/${key}/featurestates/`))).toEqual({
      count: 0,
      next: null,
      previous: null,
      results: [],
    })
  })
})

describe.each([
  ['features', () => `projects/${place.project.id}/features/`],
  ['feature states', () => `environments/${place.environment.api_key}/featurestates/`],
  ['the audit log', () => `projects/${place.project.id}/audit/`],
  ['environments', () => `environments/?project=${place.project.id}&x=`],
])('the list of %s', (_, path) => {
  const list = (query: string) =>
    world.api<Page>('GET', `${path()}${path().includes('?') ? '&' : '?'}${query}`)

  it('refuses a page past its last one, however far', async () => {
    for (const number of ['500', '1e300', '999999999999999']) {
      expect((await list(`page=${number}`)).body).toEqual({ detail: 'Invalid page.' })
    }
  })

  it('hears the page size', async () => {
    expect((await done(list('page_size=1'))).results.length).toBeLessThanOrEqual(1)
  })
})
