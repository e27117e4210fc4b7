/** Credentials of one kind in the place of another: none opens anything. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { soon } from '../support/identities.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'

let tenant: Tenant

beforeAll(async () => {
  tenant = await createTenant('Heron')
  const headers = { 'X-Environment-Key': tenant.main.environment.api_key }
  await vi.waitFor(async () => {
    expect((await send('GET', '/api/v1/flags/', { headers })).status).toBe(200)
  }, soon)
}, 60_000)

const encode = (part: object) =>
  btoa(JSON.stringify(part)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')

/** A token that says of itself who it is, signed by nobody or with an empty key. */
const unsigned = (alg: string, kid = 'x') => {
  const claims = { user_id: 1, sub: '1', aud: 'burgee', is_superuser: true, exp: 4_000_000_000 }
  return `${encode({ alg, typ: 'JWT', kid })}.${encode(claims)}.`
}

describe('administration', () => {
  const token = () => tenant.administrator.auth.replace('Token ', '')
  const key = () => tenant.world.keyAuth.replace('Api-Key ', '')
  const client = () => tenant.main.environment.api_key
  const server = () => tenant.inside.serverKey.key

  const wrong: [string, () => Record<string, string>][] = [
    ['a session as a key', () => ({ Authorization: `Api-Key ${token()}` })],
    ['a key as a session', () => ({ Authorization: `Token ${key()}` })],
    ['a session as a bearer', () => ({ Authorization: `Bearer ${token()}` })],
    ['a key as a bearer', () => ({ Authorization: `Bearer ${key()}` })],
    ['a session without its scheme', () => ({ Authorization: token() })],
    ['two credentials', () => ({ Authorization: `Token ${token()}, Api-Key ${key()}` })],
    ['a session with something behind it', () => ({ Authorization: `Token ${token()} x` })],
    ['a session in capitals', () => ({ Authorization: `Token ${token().toUpperCase()}X` })],
    ['half a key', () => ({ Authorization: `Api-Key ${key().slice(0, 20)}` })],
    ['the prefix of a key', () => ({ Authorization: `Api-Key ${key().slice(0, 8)}.` })],
    ['a key with a longer secret', () => ({ Authorization: `Api-Key ${key()}x` })],
    ['a key as an environment key', () => ({ 'X-Environment-Key': key() })],
    ['a session in a cookie', () => ({ Cookie: `jwt=${token()}; token=${token()}` })],
    ['a session as basic', () => ({ Authorization: `Basic ${btoa(`${token()}:`)}` })],
    ['a client-side key as a session', () => ({ Authorization: `Token ${client()}` })],
    ['a server-side key as a key', () => ({ Authorization: `Api-Key ${server()}` })],
    ['a server-side key cut as a key', () => ({ Authorization: `Api-Key ser.aaaa.${server()}` })],
    ['a token signed by nobody', () => ({ Authorization: `Bearer ${unsigned('none')}` })],
    ['the same as a session', () => ({ Authorization: `Token ${unsigned('none')}` })],
    ['one with an empty key', () => ({ Authorization: `Bearer ${unsigned('HS256')}` })],
    [
      'one with a path as key',
      () => ({ Authorization: `Bearer ${unsigned('HS256', '/dev/null')}` }),
    ],
    ['one in the cookie', () => ({ Cookie: `jwt=${unsigned('NONE')}` })],
  ]

  it.each(wrong)('answers 401 to %s', async (_, headers) => {
    for (const path of ['auth/users/me/', 'projects/', `projects/${tenant.main.project.id}/`]) {
      const { status } = await send('GET', `/api/v1/${path}`, { headers: headers() })
      expect([path, status]).toEqual([path, 401])
    }
  })

  it('reads no credential from the query', async () => {
    const query = `?token=${token()}&api_key=${key()}&Authorization=Token%20${token()}`
    expect((await send('GET', `/api/v1/projects/${query}`)).status).toBe(401)
  })

  it('takes the schemes in any case, and no other one first', async () => {
    const good = [`tOKEN ${token()}`, `API-KEY ${key()}`, `  Token   ${token()} `]
    for (const auth of good)
      expect((await send('GET', '/api/v1/projects/', { auth })).status).toBe(200)
  })
})

describe('serving', () => {
  const json = { identifier: 'who', context: { targetingKey: 'who' } }
  const routes: [string, string][] = [
    ['GET', '/api/v1/flags/'],
    ['GET', '/api/v1/identities/?identifier=who'],
    ['POST', '/api/v1/identities/'],
    ['GET', '/api/v1/environment-document/'],
    ['POST', '/api/v1/traits/'],
    ['POST', '/ofrep/v1/evaluate/flags'],
  ]

  const wrong: [string, () => string][] = [
    ['an organisation key', () => tenant.world.keyAuth.replace('Api-Key ', '')],
    ['an organisation key with its scheme', () => tenant.world.keyAuth],
    ['a session', () => tenant.administrator.auth.replace('Token ', '')],
    ['a client-side key dressed up', () => `ser.${tenant.main.environment.api_key}`],
    ['a server-side key undressed', () => tenant.inside.serverKey.key.replace('ser.', '')],
    ['a server-side key in capitals', () => tenant.inside.serverKey.key.replace('ser.', 'SER.')],
    ['an environment id', () => String(tenant.main.environment.id)],
    ['an environment uuid', () => tenant.main.environment.uuid],
    ['a token signed by nobody', () => unsigned('none')],
    ['an invite', () => tenant.keys.invite.hash],
  ]

  it.each(wrong)('refuses %s and tells nothing', async (_, key) => {
    for (const [method, path] of routes) {
      const { status, text } = await send(method, path, {
        headers: { 'X-Environment-Key': key() },
        ...(method === 'POST' ? { body: json } : {}),
      })
      expect([path, [401, 403].includes(status)]).toEqual([path, true])
      expect(text).not.toMatch(/heron/i)
    }
  })

  it('takes no environment key from Authorization', async () => {
    const { serverKey } = tenant.inside
    for (const scheme of ['Api-Key', 'Token', 'Bearer']) {
      const auth = `${scheme} ${serverKey.key}`
      // OpenFeature's own protocol may send the key as a bearer.
      for (const [method, path] of routes.filter(([, one]) => !one.startsWith('/ofrep'))) {
        const body = method === 'POST' ? { body: json } : {}
        const { status, text } = await send(method, path, { auth, ...body })
        expect([path, [401, 403].includes(status), /heron/i.test(text)]).toEqual([
          path,
          true,
          false,
        ])
      }
    }
  })
})

it('a client-side key cannot be chosen to look like another kind, or to hide a path', async () => {
  const path = `/api/v1/environments/${tenant.otherEnvironment.api_key}/`
  const taken = [
    tenant.inside.serverKey.key,
    tenant.main.environment.api_key,
    tenant.rotating.api_key,
    'ser.chosen',
    'permissions',
    'get-by-uuid',
    'environments',
    'a/b',
    '../x',
    'a b',
    'a%2fb',
    'a?b',
    'é',
    '',
  ]
  for (const key of taken) {
    const body = { api_key: key }
    const { status, text } = await send('PATCH', path, { body, auth: tenant.administrator.auth })
    expect([key, status, text]).toEqual([key, 400, text])
    expect(Object.keys(JSON.parse(text))).toEqual(['api_key'])
  }
})
