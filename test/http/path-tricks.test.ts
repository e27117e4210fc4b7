/** Paths and methods that a proxy and a router might read differently: none goes around a guard. */
import { beforeAll, describe, expect, it } from 'vitest'
import { addMember, addUser, createWorld } from '../support/admin.ts'
import { send } from '../support/send.ts'
import { dumpAtRest } from '../support/settled.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'
import { bodyFor, queryFor } from '../support/tenant-bodies.ts'
import { fill, idsOf, openRoutes, workingRoutes } from '../support/tenant-paths.ts'

let tenant: Tenant
let outsider: string
/** Every path of the router, aimed at the tenant; those that speak of the caller are left out. */
let paths: string[]

beforeAll(async () => {
  tenant = await createTenant('Heron')
  const ours = await createWorld('Ours')
  const person = await addUser('outsider@example.com')
  await addMember(ours.organisation.id, person.id, 'ADMIN')
  outsider = person.auth
  const ids = idsOf(tenant)
  const closed = workingRoutes.filter((route) => !openRoutes.has(route) && route.includes('/:'))
  paths = [...new Set(closed.map((route) => fill(route.split(' ')[1] ?? '', () => ids)))]
}, 60_000)

const last = (path: string, replacement: string) => path.replace(/\/([^/]*)$/, replacement)

const tricks: [string, (path: string) => string][] = [
  ['two slashes in front', (path) => `/${path}/`],
  ['two slashes inside', (path) => last(path, '//$1/')],
  ['two slashes behind', (path) => `${path}//`],
  ['an encoded slash', (path) => last(path, '%2f$1/')],
  ['an encoded slash behind', (path) => `${path}%2F`],
  ['a file name', (path) => `${path}.json`],
  ['a parameter', (path) => `${path};x=1/`],
  ['a way up with a parameter', (path) => last(path, '/x/..;/$1/')],
  ['an encoded way up', (path) => last(path, '/x/%2e%2e/$1/')],
  ['a doubly encoded way up', (path) => last(path, '/x/%252e%252e/$1/')],
  ['a back slash', (path) => last(path, '%5c$1/')],
  ['a NUL behind', (path) => `${path}%00/`],
  ['a space behind', (path) => `${path}%20/`],
  ['capitals', (path) => path.replace('/api/', '/API/')],
  ['an encoded letter', (path) => path.replace('/api/', '/%61pi/')],
  ['another base', (path) => path.replace(/^\/api\/\w+/, '/api/v2')],
  ['an open path in front', (path) => path.replace('/api/v1', '/health/../api/v1')],
]

describe('a path with', () => {
  it.each(tricks)('%s opens nothing to strangers', { timeout: 60_000 }, async (_, bend) => {
    const before = await dumpAtRest()
    const wrong: unknown[] = []
    for (const path of paths) {
      const { status, text } = await send('GET', bend(path), { auth: outsider })
      const isClosed = [400, 403, 404, 405].includes(status) && !/heron/i.test(text)
      if (!isClosed) wrong.push([bend(path), status, text])
    }
    expect(wrong).toEqual([])
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('a method', () => {
  it('that asks for the head only is guarded like GET', { timeout: 60_000 }, async () => {
    for (const path of paths) {
      const stranger = await send('HEAD', `${path}/`)
      expect([path, stranger.status >= 400, stranger.text]).toEqual([path, true, ''])
      const neighbour = await send('HEAD', `${path}/`, { auth: outsider })
      expect([path, neighbour.status >= 400, neighbour.text]).toEqual([path, true, ''])
      expect(neighbour.headers.get('ETag')).toBeNull()
    }
  })

  it.each(['OPTIONS', 'PROPFIND'])(
    '%s opens nothing, and tells nothing',
    { timeout: 60_000 },
    async (method) => {
      const before = await dumpAtRest()
      for (const path of paths) {
        const stranger = await send(method, `${path}/`)
        const neighbour = await send(method, `${path}/`, { auth: outsider })
        expect([path, /heron/i.test(stranger.text + neighbour.text)]).toEqual([path, false])
        expect([path, neighbour.status >= 400 || neighbour.text === '']).toEqual([path, true])
      }
      expect(await dumpAtRest()).toBe(before)
    },
  )

  it('in a header, the query or a form is none, also from an administrator', async () => {
    const { auth } = tenant.administrator
    const headers = {
      'X-HTTP-Method-Override': 'DELETE',
      'X-HTTP-Method': 'DELETE',
      'X-Method-Override': 'DELETE',
    }
    const before = await dumpAtRest()
    // Reading the log may sign and note how long it is.
    const reads = workingRoutes.filter((route) =>
      /^GET (?!.*\/instance\/).*\/:(?!.*\/audit\/)/.test(route),
    )
    for (const route of reads) {
      const path = `${fill(route.split(' ')[1] ?? '', () => idsOf(tenant))}/${queryFor(route, tenant)}`
      const end = path.includes('?') ? '&_method=DELETE' : '?_method=DELETE'
      const { status } = await send('GET', `${path}${end}`, { auth, headers })
      expect([route, status]).toEqual([route, 200])
    }
    const project = `/api/v1/projects/${tenant.main.project.id}/`
    const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }
    const posted = await send('POST', project, { auth, headers: form, body: '_method=DELETE' })
    expect(posted.status).toBe(405)
    expect(await dumpAtRest()).toBe(before)
  })
})

describe('a header that names another path or caller', () => {
  it('is not read', async () => {
    const headers = {
      'X-Original-URL': '/health',
      'X-Rewrite-URL': '/health',
      'X-Forwarded-User': 'owner@example.com',
      'X-Forwarded-For': '127.0.0.1',
      'X-User-Id': '1',
      Forwarded: 'for=127.0.0.1',
      Host: 'localhost',
    }
    for (const route of ['GET /api/v1/projects/:project', 'DELETE /api/v1/projects/:project']) {
      const [method = '', path = ''] = route.split(' ')
      const real = `${fill(path, () => idsOf(tenant))}/`
      const body = bodyFor(route, tenant)
      expect((await send(method, real, { headers, body })).status).toBe(401)
      expect((await send(method, real, { headers, body, auth: outsider })).status).toBe(404)
    }
  })
})
