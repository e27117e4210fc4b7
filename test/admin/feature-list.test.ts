import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addUser,
  createWorld,
  done,
  type Place,
  type World,
} from '../support/admin.ts'

type Feature = { id: number; name: string; tags: number[]; owners: { id: number }[] }
type Page = { count: number; next: string | null; results: Feature[] }

let world: World
let place: Place
let list: string
/** By name. */
const ids: Record<string, number> = {}
let owners: { ana: number; ben: number }

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

async function addTag(id: number, projectId: number, ...features: string[]): Promise<void> {
  await run(
    `INSERT INTO tags (id, uuid, project_id, label, color, created_at) VALUES (?, ?, ?, 't', '#fff', 1)`,
    id,
    crypto.randomUUID(),
    projectId,
  )
  for (const name of features) {
    await run('INSERT INTO feature_tags (feature_id, tag_id) VALUES (?, ?)', ids[name], id)
  }
}

/** Four features, from the oldest: their tags, owners and settings all differ. */
beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  list = `projects/${place.project.id}/features/`
  const settings = {
    delta: { is_archived: true },
    alpha: { type: 'MULTIVARIATE' },
    Charlie: {},
    bravo: {},
  }
  for (const [index, [name, body]] of Object.entries(settings).entries()) {
    const made = await done(world.api<Feature>('POST', list, { name, ...body }))
    ids[name] = made.id
    await run('DELETE FROM feature_owners WHERE feature_id = ?', made.id)
    await run('UPDATE features SET created_at = ? WHERE id = ?', 1_000 + index, made.id)
  }
  await addTag(11, place.project.id, 'alpha', 'bravo')
  await addTag(12, place.project.id, 'alpha', 'Charlie')
  await addTag(13, place.project.id)
  const people = await Promise.all(['ana', 'ben'].map((name) => addUser(`${name}@example.com`)))
  owners = { ana: people[0]?.id ?? 0, ben: people[1]?.id ?? 0 }
  const own = 'INSERT INTO feature_owners (feature_id, user_id) VALUES (?, ?)'
  await run(own, ids.alpha, owners.ana)
  await run(own, ids.alpha, owners.ben)
  await run(own, ids.bravo, owners.ben)
  await run(
    "INSERT INTO groups (id, organisation_id, name, created_at) VALUES (21, ?, 'Team', 1)",
    world.organisation.id,
  )
  await run('INSERT INTO feature_group_owners (feature_id, group_id) VALUES (?, 21)', ids.Charlie)
})

const page = (query: string) => world.api<Page>('GET', `${list}?${query}`)
const names = async (query: string) =>
  (await done(page(query))).results.map((feature) => feature.name)

const all = ['delta', 'alpha', 'Charlie', 'bravo']

describe('the list of features is narrowed', () => {
  it('by a part of the name, blank text being no question', async () => {
    expect(await names('search=CHARL')).toEqual(['Charlie'])
    expect(await names('search=nothing')).toEqual([])
    expect(await names('search=')).toEqual(all)
  })

  it('by whether they are archived', async () => {
    expect(await names('is_archived=true')).toEqual(['delta'])
    expect(await names('is_archived=False')).toEqual(['alpha', 'Charlie', 'bravo'])
  })

  it('by type', async () => {
    expect(await names('type=MULTIVARIATE')).toEqual(['alpha'])
    expect(await names('type=STANDARD')).toEqual(['delta', 'Charlie', 'bravo'])
  })

  it('by tags: all of them unless told otherwise, and none of any', async () => {
    expect(await names('tags=11')).toEqual(['alpha', 'bravo'])
    expect(await names('tags=11,12')).toEqual(['alpha'])
    expect(await names('tags=11,12,11')).toEqual(['alpha'])
    expect(await names('tags=11,12&tag_strategy=INTERSECTION')).toEqual(['alpha'])
    expect(await names('tags=11,%2012&tag_strategy=UNION')).toEqual(['alpha', 'Charlie', 'bravo'])
    expect(await names('tags=13&tag_strategy=UNION')).toEqual([])
    expect(await names('tags=11,999')).toEqual([])
    expect(await names('tags=')).toEqual(['delta'])
    expect(await names('tags=&tag_strategy=UNION')).toEqual(['delta'])
  })

  it('by any of the named owners and group owners', async () => {
    const { ana, ben } = owners
    expect(await names(`owners=${ana}`)).toEqual(['alpha'])
    expect(await names(`owners=${ana},${ben}`)).toEqual(['alpha', 'bravo'])
    expect(await names('owners=999999')).toEqual([])
    expect(await names('group_owners=21')).toEqual(['Charlie'])
    expect(await names('group_owners=22')).toEqual([])
    expect(await names(`owners=${ana}&group_owners=21`)).toEqual([])
  })

  it('by everything at once, each page cut from what is left', async () => {
    const query = 'search=a&is_archived=false&sort_field=name&page_size=1'
    const first = await done(page(query))
    expect(first).toMatchObject({ count: 3, results: [{ name: 'alpha' }] })
    const next = new URL(first.next ?? '')
    expect(next.searchParams.get('page')).toBe('2')
    expect(await names(next.search.slice(1))).toEqual(['bravo'])
    expect((await page(`${query}&page=4`)).body).toEqual({ detail: 'Invalid page.' })
  })

  it('by nothing that it does not know', async () => {
    expect(await names('colour=blue&lifecycle=new&sort=name')).toEqual(all)
  })
})

describe('the list of features is sorted', () => {
  it('by age or by name without regard to case, both ways; the oldest first by itself', async () => {
    expect(await names('')).toEqual(all)
    expect(await names('sort_field=created_date')).toEqual(all)
    expect(await names('sort_field=created_date&sort_direction=DESC')).toEqual(all.toReversed())
    expect(await names('sort_direction=DESC')).toEqual(all.toReversed())
    const sorted = ['alpha', 'bravo', 'Charlie', 'delta']
    expect(await names('sort_field=name')).toEqual(sorted)
    expect(await names('sort_field=name&sort_direction=DESC')).toEqual(sorted.toReversed())
  })

  it('the same way whatever the page', async () => {
    await run('UPDATE features SET created_at = 5 WHERE project_id = ?', place.project.id)
    for (const direction of ['ASC', 'DESC']) {
      const whole = await names(`sort_direction=${direction}`)
      const pages = await Promise.all(
        [1, 2, 3, 4].map((number) =>
          names(`sort_direction=${direction}&page_size=1&page=${number}`),
        ),
      )
      expect(pages.flat()).toEqual(whole)
    }
  })
})

const noIds = 'Enter ids between 1 and 2147483647, separated by commas.'

describe('the list of features refuses', () => {
  it.each([
    ['sort_field', 'version', '"version" is not a valid choice.'],
    ['sort_field', 'created_at; DROP TABLE features', undefined],
    ['sort_direction', 'asc', '"asc" is not a valid choice.'],
    ['tag_strategy', 'ANY', '"ANY" is not a valid choice.'],
    ['type', 'OTHER', '"OTHER" is not a valid choice.'],
    ['is_archived', 'maybe', 'Must be a valid boolean.'],
    ['tags', 'a', noIds],
    ['tags', '1,,2', noIds],
    ['tags', '0', noIds],
    ['owners', '', 'This field may not be blank.'],
    ['owners', '-1', noIds],
    ['group_owners', '99999999999999999999', noIds],
    ['environment', 'x', 'A valid integer is required.'],
    ['segment', '1', 'This needs an environment.'],
    ['identity', '1', 'This needs an environment.'],
    ['is_enabled', 'true', 'This needs an environment.'],
    ['value_search', 'x', 'This needs an environment.'],
    ['lifecycle_stage', 'new', 'Lifecycle stages are not available.'],
  ])('%s=%s, and says so by name', async (field, value, message) => {
    const { status, body } = await page(`${field}=${encodeURIComponent(value)}`)
    expect(status).toBe(400)
    expect(body).toEqual({ [field]: [message ?? expect.any(String)] })
  })
})

it('a feature carries no lifecycle stage', async () => {
  const { results } = await done(page('search=alpha'))
  expect(results[0]).not.toHaveProperty('lifecycle_stage')
  expect(results[0]).toMatchObject({ tags: [11, 12], owners: [{ id: owners.ana }, {}] })
})
