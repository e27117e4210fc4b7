/** Bodies that no client would send, to every route that reads one: refused or harmless, never a fault. */
import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor } from '../support/tenant-bodies.ts'
import { fill, idsOf, workingRoutes } from '../support/tenant-paths.ts'

let tenant: Tenant

beforeAll(async () => {
  tenant = await createTenant('Heron')
}, 60_000)

/** PATCH reads what PUT reads; sessions and deletions are left out. */
const routes = workingRoutes.filter(
  (route) =>
    /^(POST|PUT) /.test(route) &&
    !/\/auth\/(login|logout|token)|remove-users|rotate-key/.test(route),
)

const pathOf = (route: string) => `${fill(route.split(' ')[1] ?? '', () => idsOf(tenant))}/`

async function ask(route: string, body: string) {
  const method = route.split(' ')[0] ?? ''
  const { auth } = tenant.administrator
  const answer = await send(method, pathOf(route), { auth, body })
  // What is answered is JSON, or nothing.
  const isReadable = answer.text === '' || JSON.parse(answer.text) !== undefined
  return { ...answer, isFine: answer.status < 500 && isReadable }
}

const nested = (opening: string, closing: string, inside = '') =>
  `${opening.repeat(20_000)}${inside}${closing.repeat(20_000)}`

const wholes: [string, string][] = [
  ['a bomb of objects', nested('{"rules":', '}', '1')],
  ['a bomb in a name', `{"name":${nested('[', ']')}}`],
  ['a bomb in rules', `{"name":"x","rules":[${nested('{"rules":[', ']}')}]}`],
  ['many keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}`],
  ['many items', `[${'{},'.repeat(20_000)}{}]`],
  [
    'a prototype',
    '{"__proto__":{"name":"x","polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  ],
]

describe('a whole body', () => {
  it.each(wholes)('that is %s does no harm anywhere', { timeout: 60_000 }, async (_, body) => {
    const wrong: unknown[] = []
    for (const route of routes) {
      const { isFine, status, text } = await ask(route, body)
      if (!isFine) wrong.push([route, status, text])
    }
    expect(wrong).toEqual([])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

/** As JSON, so that what JSON can say and JavaScript cannot is said too. */
const values: [string, string][] = [
  ['a huge number', '1e400'],
  ['a number beyond 53 bits', '9007199254740993'],
  ['a fraction', '0.1'],
  ['nothing', 'null'],
  ['a list', '[[],{"toString":1,"length":1},null,"1",1e400,-1]'],
  ['half a character', '"\\ud800 \\udfff"'],
  ['a NUL', '"a\\u0000b"'],
  ['a long text', `"${'🚩'.repeat(30_000)}"`],
]

describe('a field', () => {
  it.each(values)('that is %s does no harm anywhere', { timeout: 120_000 }, async (_, value) => {
    const wrong: unknown[] = []
    for (const route of routes) {
      const good = bodyFor(route, tenant)
      const item = Array.isArray(good) ? (good[0] as object) : good
      for (const field of Object.keys(item ?? {})) {
        const bad = JSON.stringify({ ...(item as object), [field]: '%' }).replace(
          '"%"',
          () => value,
        )
        const { isFine, status, text } = await ask(route, Array.isArray(good) ? `[${bad}]` : bad)
        if (!isFine) wrong.push([route, field, status, text.slice(0, 300)])
      }
    }
    expect(wrong).toEqual([])
  })
})

it('of two equal keys the last counts, and a mark of byte order before a body is none of it', async () => {
  const path = `/api/v1/projects/${tenant.main.project.id}/tags/`
  const { auth } = tenant.administrator
  const twice = await send('POST', path, { auth, body: '{"label":"first","label":"last"}' })
  expect(JSON.parse(twice.text)).toMatchObject({ label: 'last' })
  const marked = await send('POST', path, { auth, body: '\ufeff{"label":"marked"}' })
  expect([marked.status, JSON.parse(marked.text)]).toMatchObject([201, { label: 'marked' }])
})

it('what is too large is refused while it streams, without a length', async () => {
  const chunk = new TextEncoder().encode('x'.repeat(65_536))
  const kinds = /\/(features|segments|tags|traits|featurestates|:feature|:segment|:trait|:state)$/
  for (const route of routes.filter((one) => kinds.test(one))) {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(chunk)
        sent += chunk.length
        if (sent > 8_000_000) controller.close()
      },
    })
    const headers = {
      Authorization: tenant.administrator.auth,
      'Content-Type': 'application/json',
    }
    const [method = ''] = route.split(' ')
    const request = new Request(`http://localhost${pathOf(route)}`, { method, headers, body })
    expect([route, (await exports.default.fetch(request)).status]).toEqual([route, 413])
    expect(sent).toBeLessThan(3_000_000)
  }
}, 60_000)
