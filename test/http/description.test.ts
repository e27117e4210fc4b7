import { exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { administration, serving } from '../../src/app.ts'

type Description = {
  openapi: string
  paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
}

const get = (path: string) => exports.default.fetch(new Request(`http://localhost/api/v1/${path}`))

const describe = async () => (await (await get('swagger.json')).json()) as Description

/** What monitors and readers of the description call; it does not describe itself. */
const undescribed = new Set([
  'GET /health',
  'GET /health/liveness',
  'GET /health/readiness',
  'GET /version',
  'GET /api/v1/swagger.json',
  'GET /api/v1/docs',
])

const braces = (path: string) => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')

it('describes every admin route of the router, and no other', async () => {
  const { openapi, paths } = await describe()
  expect(openapi).toBe('3.1.0')
  const routes = administration.routes
    .filter((route) => route.method !== 'ALL')
    .map((route) => `${route.method} ${braces(route.path)}`)
    .filter((route) => !undescribed.has(route))
  const served = new Set(serving.routes.map((route) => braces(route.path)))
  const described = Object.entries(paths)
    .filter(([path]) => !served.has(path))
    .flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
  expect(described.sort()).toEqual([...new Set(routes)].sort())
})

it('describes every serving path of the router, and no other', async () => {
  const { paths } = await describe()
  const admin = new Set(administration.routes.map((route) => braces(route.path)))
  const served = serving.routes.map((route) => braces(route.path))
  expect(
    Object.keys(paths)
      .filter((path) => !admin.has(path))
      .sort(),
  ).toEqual([...new Set(served)].filter((path) => !path.includes('*')).sort())
})

it('names for every operation what it answers when all goes well and when it does not', async () => {
  const { paths } = await describe()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, told] of Object.entries(operations)) {
      const statuses = Object.keys(told.responses)
      expect(
        statuses.some((status) => status.startsWith('2')),
        `${method} ${path}`,
      ).toBe(true)
      expect(
        statuses.some((status) => status.startsWith('4')),
        `${method} ${path}`,
      ).toBe(true)
    }
  }
})

it('is a page too, without scripts or foreign origins', async () => {
  const response = await get('docs/')
  expect(response.headers.get('Content-Type')).toContain('text/html')
  const page = await response.text()
  expect(page).toContain('GET /api/v1/projects')
  expect(page).not.toMatch(/<script|https?:\/\//)
})
