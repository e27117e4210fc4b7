/** Every route that is not public refuses a stranger. The list of routes is the router's own. */
import { env, exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { adminApps } from '../../src/admin/index.ts'

/** What anybody may ask for: registration and login decide by the body. */
const open = new Set(['POST /auth/users', 'POST /auth/login'])

const routes = Object.entries(adminApps).flatMap(([base, app]) =>
  app.routes
    .filter(({ method, path }) => method !== 'ALL' && !open.has(`${method} ${path}`))
    .map(({ method, path }) => `${method} ${base}${path}`),
)
const distinct = [...new Set(routes)]

const call = (route: string, headers: Record<string, string>, slash = '/') => {
  const [method = '', path = ''] = route.split(' ')
  const url = `http://localhost${path.replace(/:\w+(\{[^}]*\})?/g, '1')}${slash}`
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }
  return exports.default.fetch(
    new Request(url, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...body,
    }),
  )
}

it('knows the routes', () => {
  expect(distinct.length).toBeGreaterThan(20)
})

it.each(distinct)('%s answers 401 without a credential', async (route) => {
  for (const slash of ['/', '']) {
    const response = await call(route, {}, slash)
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({
      detail: 'Authentication credentials were not provided.',
    })
  }
})

it.each(distinct)('%s answers 401 to credentials that are not good', async (route) => {
  const forged = ['Token 0123456789012345678901234567890123456789', 'Api-Key abcdefgh.secret']
  for (const Authorization of [
    ...forged,
    'Api-Key ser.abcdefgh',
    'Bearer x',
    `Basic ${env.COMMIT}`,
  ]) {
    expect((await call(route, { Authorization })).status).toBe(401)
  }
})
