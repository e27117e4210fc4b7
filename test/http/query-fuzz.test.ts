/** Every parameter that any list takes, sent everything. The parameters are those of the description. */
import { beforeAll, describe, expect, it } from 'vitest'
import { send } from '../support/send.ts'
import { rowsAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { queryFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, idsOf } from '../support/tenant-paths.ts'

type Operation = { parameters?: { name: string; in: string }[] }
type Description = { paths: Record<string, Record<string, Operation>> }

let tenant: Tenant
let asked: { route: string; parameter: string }[]

beforeAll(async () => {
  tenant = await createTenant('Heron')
  await createTenant('Stork')
  const { text } = await send('GET', '/api/v1/swagger.json')
  const { paths } = JSON.parse(text) as Description
  // The instance's log is read like an organisation's, but not by an administrator of one.
  const ours = new Set(adminRoutes.filter((route) => !route.includes('/instance/')))
  asked = Object.entries(paths).flatMap(([path, operations]) => {
    const route = `GET ${path.replace(/\{(\w+)\}/g, ':$1')}`
    const parameters = ours.has(route) ? (operations.get?.parameters ?? []) : []
    return parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name }) => ({ route, parameter: name }))
  })
}, 60_000)

const encode = (values: string[]) => values.map((value) => encodeURIComponent(value))

const numbers = encode(['', '-1', '1.5', '1e309', '9'.repeat(400)])

const texts = encode([
  "1'; DROP TABLE features; --",
  '1) UNION SELECT password_hash FROM users --',
  '%_\\',
  'a\u0000b',
  '{"$gt":""}',
  '__proto__',
  'x'.repeat(5_000),
  '?1',
  // Right to left, a letter that grows when it is made small, a composed one, beyond the last.
  '\u202e\u0130e\u0301\uffff🏁',
])

/** Not as a query should be. */
const broken = ['%zz', '%ED%A0%80', '1&$=2&$[]=1&$[a]=1&&=&$==']

/** Pages, and the filters of the log, are read in one place: a few words for the others are enough. */
const valuesFor = (route: string, parameter: string) =>
  parameter.startsWith('page') || /\/audit\/(?!entries$)/.test(route)
    ? [...numbers.slice(1, 4), ...texts.slice(0, 2)]
    : [...numbers, ...texts, ...broken.map((query) => query.replaceAll('$', parameter))]

/** A page may be beyond the end of its list. */
const allowed = (parameter: string) => (parameter === 'page' ? [200, 400, 404] : [200, 400, 403])

const pathOf = (route: string) =>
  `${fill(route.split(' ')[1] ?? '', () => idsOf(tenant))}/${queryFor(route, tenant)}`

describe('what lists may be asked', () => {
  it('is in the description', () => {
    expect(asked.length).toBeGreaterThan(40)
    const names = new Set(asked.map(({ parameter }) => parameter))
    for (const name of ['search', 'q', 'actor', 'flag', 'resource_id'])
      expect(names).toContain(name)
  })

  it('is answered or refused, whatever it is', { timeout: 180_000 }, async () => {
    const before = await rowsAtRest()
    const wrong: unknown[] = []
    for (const { route, parameter } of asked) {
      const path = pathOf(route)
      for (const value of valuesFor(route, parameter)) {
        const query = `${path}${path.includes('?') ? '&' : '?'}${parameter}=${value}`
        const { status, text } = await send('GET', query, { auth: tenant.administrator.auth })
        const isFine = allowed(parameter).includes(status) && !/stork|\$scrypt/i.test(text)
        if (!isFine) wrong.push([route, parameter, value.slice(0, 50), status, text.slice(0, 200)])
      }
    }
    expect(wrong).toEqual([])
    // Reading the log may note how long it was.
    const after = new Set(await rowsAtRest())
    expect(before.filter((row) => !after.has(row))).toEqual([])
  })

  /** Filters that take any text; `action` and `event` have patterns of their own. */
  const isText = /^(q|search|value_search|actor|flag|resource_type|resource_id|request_id|change)$/

  /** What a list finds: every export has a line for each. */
  const findWith = async (route: string, parameter: string, value: string) => {
    const at = parameter === 'value_search' ? `&environment=${tenant.main.environment.id}` : ''
    const { status, text } = await send('GET', `${pathOf(route)}?${parameter}=${value}${at}`, {
      auth: tenant.administrator.auth,
    })
    expect([route, parameter, value, status]).toEqual([route, parameter, value, 200])
    if (route.endsWith('/export')) return text === '' ? [] : text.trim().split('\n')
    return (JSON.parse(text) as { results: unknown[] }).results
  }

  it('finds nothing by wildcards', { timeout: 60_000 }, async () => {
    const searches = asked.filter(({ parameter }) => isText.test(parameter))
    expect(searches.length).toBeGreaterThan(15)
    for (const { route, parameter } of searches) {
      for (const wildcard of encode(['%', '*', '%_', 'h%n', '\\%', '"%"'])) {
        const found = await findWith(route, parameter, wildcard)
        expect([route, parameter, wildcard, found]).toEqual([route, parameter, wildcard, []])
      }
    }
  })

  it('finds what has a wildcard in its name by the wildcard, and nothing else', async () => {
    const { auth } = tenant.administrator
    for (const label of ['50%_off*', '50 x off y']) {
      const body = { label, color: '#fff' }
      const path = `/api/v1/${tenant.main.at}/tags/`
      expect((await send('POST', path, { auth, body })).status).toBe(201)
    }
    const logs = asked.filter(
      ({ route, parameter }) => /^(q|search)$/.test(parameter) && /\/audit(\/|$)/.test(route),
    )
    expect(logs.length).toBeGreaterThan(3)
    for (const { route, parameter } of logs) {
      for (const part of encode(['50%', '%_o', '0%_OFF*', '_off'])) {
        const found = await findWith(route, parameter, part)
        expect([route, part, found.length]).toEqual([route, part, 1])
      }
    }
  })
})
