/** Who gets to these endpoints at all: keys, methods, browsers (sdk-api §1.2, §1.3, §1.5). */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createIdentityWorld, type IdentityWorld } from './identity-world.ts'

let world: IdentityWorld

beforeAll(async () => {
  world = await createIdentityWorld()
})

const routes: [string, string[]][] = [
  ['/identities/', ['GET', 'POST']],
  ['/traits/', ['POST']],
  ['/traits/bulk/', ['PUT']],
  ['/traits/increment-value/', ['POST']],
  ['/identities/ann/', ['GET']],
  ['/identities/ann/more', ['GET']],
  ['/identities/ann/traits/plan', ['GET', 'POST']],
  ['/flags/ann', ['GET']],
  ['/flags/1/multivariate-options/', ['GET']],
  ['/bulk-identities/', ['POST', 'PUT']],
]

const slashes = (path: string) => [path.replace(/\/$/, ''), `${path.replace(/\/$/, '')}/`]

describe.each(routes)('%s', (path, methods) => {
  it('gotcha 1: without a key, or with a stranger’s, is 403 for every method', async () => {
    for (const at of slashes(path)) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const missing = await world.send(method, at, { key: null })
        expect([missing.status, await missing.json()]).toEqual([
          403,
          { detail: 'Invalid or missing Environment key' },
        ])
        const unknown = await world.send(method, at, { key: 'nobody' })
        expect([unknown.status, await unknown.json()]).toEqual([
          403,
          { detail: 'Invalid or missing Environment Key' },
        ])
      }
    }
  })

  it('answers other methods with 405 and what it allows, never a redirect', async () => {
    for (const at of slashes(path)) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await world.send(method, at)
        if (methods.includes(method)) {
          expect(response.status).not.toBe(405)
          expect(response.status).toBeLessThan(500)
        } else {
          expect(response.status).toBe(405)
          expect(await response.json()).toEqual({ detail: `Method "${method}" not allowed.` })
          const allow = response.headers.get('Allow')?.split(', ')
          expect(allow).toEqual(expect.arrayContaining([...methods, 'OPTIONS']))
        }
        expect(response.headers.get('Cache-Control')).toContain('no-store')
        expect(response.headers.get('Location')).toBeNull()
      }
    }
  })

  it('gotcha 31: answers a preflight before it asks for a key', async () => {
    for (const at of slashes(path)) {
      const response = await world.preflight(at)
      expect(response.status).toBe(200)
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
      const allowed = response.headers.get('Access-Control-Allow-Headers')?.split(', ')
      expect(allowed).toEqual(
        expect.arrayContaining([
          'x-environment-key',
          'flagsmith-application-name',
          'flagsmith-application-version',
          'flagsmith-sdk-user-agent',
        ]),
      )
    }
  })

  it('lets a browser read answers and refusals', async () => {
    for (const key of [world.clientKey, 'nobody', null]) {
      const { headers } = await world.send(methods[0] ?? 'GET', path, { key })
      expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
      expect(headers.get('Access-Control-Expose-Headers')).toContain(
        'X-Flagsmith-Document-Updated-At',
      )
      expect(headers.get('Access-Control-Allow-Credentials')).toBeNull()
    }
  })
})

it('HEAD is answered like GET, without a body', async () => {
  const response = await world.send('HEAD', '/identities/?identifier=head')
  expect([response.status, await response.text()]).toEqual([200, ''])
})

it('a key of another environment sees and writes its own identities only', async () => {
  const other = await createIdentityWorld()
  await world.identify({ identifier: 'same', traits: [{ trait_key: 'a', trait_value: 1 }] })
  const there = await other.identify({ identifier: 'same' })
  expect(there.traits).toEqual([])
  expect((await other.storedIdentity('same'))?.id).not.toBe(
    (await world.storedIdentity('same'))?.id,
  )
})

it('a failure of the database is a 500 that a browser can read and a caller can quote', async () => {
  const batch = vi.spyOn(env.DB, 'batch').mockRejectedValue(new Error('D1 is away'))
  try {
    const response = await world.get('/identities/?identifier=unlucky')
    const body = (await response.json()) as { detail: string; request_id: string }
    expect(response.status).toBe(500)
    expect(body.detail).toContain(body.request_id)
    expect(JSON.stringify(body)).not.toContain('D1 is away')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(response.headers.get('Cache-Control')).toContain('no-store')
    expect((await world.post({})).status).toBe(200)
  } finally {
    batch.mockRestore()
  }
})
