/** The export of the native audit log, and the sink that follows it. */
import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { crowdedLogSql } from '../support/audit-log.ts'
import { addState } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'

type Entry = { sequence: number; log: string; action: string }

let world: World
let place: Place
let large: World

beforeAll(async () => {
  world = await createWorld('Exported')
  place = await addEnvironment(world, 'Shop')
  await addState(world, place, { name: 'banner' })
  large = await createWorld('Large log')
  const { id: organisationId } = large.organisation
  const head = await headOf(large)
  const crowd = { organisationId, projectId: 999_999_001, entries: 4_500, first: head + 1 }
  await env.DB.prepare(crowdedLogSql(crowd)).run()
})

const pathOf = (of: World, path: string) => `organisations/${of.organisation.id}/audit/${path}`

const fetchText = async (path: string, auth: string) => {
  const url = `http://localhost/api/v1/${path}`
  const response = await exports.default.fetch(
    new Request(url, { headers: { Authorization: auth } }),
  )
  return { response, text: new TextDecoder().decode(await response.arrayBuffer()) }
}
const exported = (of: World, query = '') => fetchText(`${pathOf(of, 'export/')}?${query}`, of.auth)
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
const entriesOf = async (of: World, query = '') =>
  (await done(of.api<{ results: Entry[] }>('GET', pathOf(of, `entries/?limit=1000&${query}`))))
    .results
const headOf = async (of: World) => (await entriesOf(of))[0]?.sequence ?? 0
const addTag = (label: string) =>
  done(world.api('POST', `projects/${place.project.id}/tags/`, { label, color: '#fff' }))

/** The fields of RFC 4180, by a reader of its own. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  const cells = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/gy
  for (let match = cells.exec(text); match !== null; match = cells.exec(text)) {
    const [, cell = '', end] = match
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
    if (end === '') break
  }
  return rows.slice(0, -1)
}

describe('an export', () => {
  it('has the entries of the list, oldest first, in each format', async () => {
    const expected = await entriesOf(world, 'order=asc')
    const { response, text } = await exported(world)
    expect(response.headers.get('Content-Type')).toBe('application/x-ndjson')
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="audit.ndjson"')
    expect(response.headers.get('X-Audit-End')).toBe(String(expected.length))
    expect(linesOf(text)).toEqual(expected)
    expect(JSON.parse((await exported(world, 'format=json')).text)).toEqual(expected)
    const [head, ...rows] = readCsv((await exported(world, 'format=csv')).text)
    expect(rows.map((row) => row[head?.indexOf('sequence') ?? 0])).toEqual(
      expected.map(({ sequence }) => String(sequence)),
    )
    expect(rows.map((row) => row[head?.indexOf('log') ?? 0])).toEqual(
      expected.map(({ log }) => log),
    )
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([head?.length]))
  })

  it('of the current filter has what the list has under it', async () => {
    for (const query of [
      'action=feature:*',
      'q=banner&order=desc',
      'actor_kind=system',
      'to=2020-01-01',
    ]) {
      const order = query.includes('order') ? '' : '&order=asc'
      const expected = await entriesOf(world, query + order)
      expect([query, linesOf((await exported(world, query)).text)]).toEqual([query, expected])
      expect(JSON.parse((await exported(world, `${query}&format=json`)).text)).toEqual(expected)
    }
    expect((await exported(world, 'actor_kind=robot')).response.status).toBe(400)
    expect((await exported(world, 'format=xml')).response.status).toBe(400)
  })

  it('of many pages is whole, in both orders', async () => {
    const head = Number((await exported(large)).response.headers.get('X-Audit-End'))
    const expected = Array.from({ length: head }, (_, index) => index + 1)
    const sequences = async (query: string) =>
      linesOf((await exported(large, query)).text).map(({ sequence }) => sequence)
    expect(await sequences('')).toEqual(expected)
    expect(await sequences('order=desc')).toEqual(expected.toReversed())
    const json = JSON.parse((await exported(large, 'format=json')).text) as Entry[]
    expect(json.map(({ sequence }) => sequence)).toEqual(expected)
    const csv = readCsv((await exported(large, 'format=csv')).text)
    expect(csv.slice(1).map(([sequence]) => Number(sequence))).toEqual(expected)
  })

  it('that is read while others write has every entry up to its end once, and none beyond', async () => {
    const path = `http://localhost/api/v1/${pathOf(large, 'export/')}`
    const headers = { Authorization: large.auth }
    const response = await exports.default.fetch(new Request(path, { headers }))
    const end = Number(response.headers.get('X-Audit-End'))
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (let count = 0; ; count++) {
      const piece = await reader?.read()
      if (piece?.value === undefined) break
      text += piece.value
      if (count >= 10) continue
      const body = { name: `written-${count}`, organisation: large.organisation.id }
      await done(large.api('POST', 'projects/', body))
    }
    expect(await headOf(large)).toBeGreaterThan(end)
    const sequences = linesOf(text).map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: end }, (_, index) => index + 1))
  })

  it('to CSV opens no formula in a spreadsheet', async () => {
    const corpus = [
      '=1+1',
      '+1+1',
      '-1+1',
      '@SUM(A1)',
      '=HYPERLINK("http://evil.example","x")',
      "=cmd|' /C calc'!A0",
      '"=1+1"',
      'a,=1+1',
      'line\n=1+1',
      "'=1+1",
      'plain "quoted", with comma',
    ]
    for (const label of corpus) await addTag(label)
    const { text } = await exported(world, 'format=csv&resource_type=TAG')
    const [head = [], ...rows] = readCsv(text)
    const names = rows.map((row) => row[head.indexOf('resource_name')])
    expect(names).toEqual(corpus.map((label) => (/^[=+\-@]/.test(label) ? `'${label}` : label)))
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/)
  })

  it('is for those who administer the organisation', async () => {
    const member = await addColleague(world)
    for (const path of ['export/', 'export/?format=csv', 'stream/?wait=0']) {
      for (const auth of [member.auth, large.keyAuth]) {
        expect((await fetchText(pathOf(world, path), auth)).response.status).toBe(403)
      }
      expect((await fetchText(pathOf(world, path), world.keyAuth)).response.status).toBe(200)
    }
  })
})

describe('a sink', () => {
  type Answer = { results: Entry[]; next: number }
  const follow = (query: string) => world.api<Answer>('GET', `${pathOf(world, 'stream/')}?${query}`)

  it('gets what comes after its last sequence, again until it asks for more', async () => {
    const all = await entriesOf(world, 'order=asc')
    const seen: Entry[] = []
    for (let after = 0; after < all.length; ) {
      const { results, next } = await done(follow(`after=${after}&limit=4`))
      expect((await done(follow(`after=${after}&limit=4`))).results).toEqual(results)
      seen.push(...results)
      after = next
    }
    expect(seen).toEqual(all)
    const { text, response } = await fetchText(
      `${pathOf(world, 'stream/')}?after=${all.length - 2}&format=ndjson`,
      world.auth,
    )
    expect(response.headers.get('Content-Type')).toBe('application/x-ndjson')
    expect(linesOf(text)).toEqual(all.slice(-2))
  })

  it('waits for the next entry, and no longer than it asked for', async () => {
    const after = await headOf(world)
    const started = Date.now()
    expect(await done(follow(`after=${after}&wait=1`))).toEqual({ results: [], next: after })
    expect(Date.now() - started).toBeGreaterThanOrEqual(900)
    const waiting = follow(`after=${after}`)
    await addTag('at last')
    const { results, next } = await done(waiting)
    expect(results).toMatchObject([{ sequence: after + 1, log: 'New Tag created: at last' }])
    expect(next).toBe(after + 1)
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('loses none of what is written meanwhile', async () => {
    let after = await headOf(world)
    const labels = Array.from({ length: 20 }, (_, index) => `stream-${index}`)
    const writing = Promise.all(labels.map(addTag))
    const seen: string[] = []
    while (seen.length < labels.length) {
      const { results, next } = await done(follow(`after=${after}&limit=3&wait=5`))
      expect(results.map(({ sequence }) => sequence)).toEqual(
        results.map((_, at) => after + 1 + at),
      )
      seen.push(...results.map(({ log }) => log.replace('New Tag created: ', '')))
      after = next
    }
    await writing
    expect(seen.sort()).toEqual(labels.sort())
  })

  it('that is ahead of the log, or asks for nonsense, is told', async () => {
    const head = await headOf(world)
    expect(await follow(`after=${head + 1}`)).toMatchObject({
      status: 400,
      body: { after: [`The log ends at ${head}.`] },
    })
    for (const query of ['after=-1', 'after=x', 'wait=26', 'limit=0', 'limit=1001', 'format=xml']) {
      expect([query, (await follow(query)).status]).toEqual([query, 400])
    }
  })
})
