/** What a client-side key, which is public, never tells. */
import { beforeAll, expect, it, vi } from 'vitest'
import { done } from '../support/admin.ts'
import { soon } from '../support/identities.ts'
import { send } from '../support/send.ts'
import { createTenant, type Tenant } from '../support/tenant.ts'

let tenant: Tenant

/** As a person who matches nothing of the tenant's. */
const json = { identifier: 'who', context: { targetingKey: 'who' } }
const routes: [method: string, path: string][] = [
  ['GET', '/api/v1/flags/'],
  ['GET', '/api/v1/flags/?feature=heron_spare'],
  ['GET', '/api/v1/identities/?identifier=who'],
  ['GET', '/api/v1/identities/?identifier=who&feature=heron_spare'],
  ['POST', '/api/v1/identities/'],
  ['POST', '/ofrep/v1/evaluate/flags'],
  ['POST', '/ofrep/v1/evaluate/flags/heron_spare'],
  ['GET', '/api/v1/environment-document/'],
]

const ask = (key: string, [method, path]: (typeof routes)[number]) =>
  send(method, path, {
    headers: { 'X-Environment-Key': key },
    ...(method === 'POST' ? { body: json } : {}),
  })

const client = () => tenant.main.environment.api_key

beforeAll(async () => {
  tenant = await createTenant('Heron')
  const { world, main, inside } = tenant
  const body = { is_server_key_only: true }
  await done(world.api('PATCH', `${main.at}/features/${inside.spare.id}/`, body))
  await vi.waitFor(async () => {
    const { status, text } = await ask(client(), ['GET', '/api/v1/flags/'])
    expect([status, text.includes('heron_banner'), text.includes('heron_spare')]).toEqual([
      200,
      true,
      false,
    ])
  }, soon)
}, 60_000)

/** A feature for servers, a segment and its rules, other people and what they are served. */
const hidden =
  /heron_spare|heron (gold|own|red|green|ada|bob|cleo|secret)|heron_plan|"rules"|ser\./i

it('it tells nothing of server-side features, of segments and of others', async () => {
  for (const [method, path] of routes) {
    const { status, text } = await ask(client(), [method, path])
    // Whoever names the feature is told what everybody is told of one that is not there.
    const unnamed = text.replaceAll(path.includes('heron_spare') ? 'heron_spare' : '\0', 'nobody')
    expect([path, hidden.exec(unnamed)?.[0]]).toEqual([path, undefined])
    if (!path.includes('heron_spare')) continue
    const missing = await ask(client(), [method, path.replace('heron_spare', 'nobody')])
    expect([path, status, unnamed]).toEqual([path, missing.status, missing.text])
  }
})

it('a server-side key is told of the features, and by the document of the rest', async () => {
  const { key } = tenant.inside.serverKey
  for (const [index, word] of [
    [0, 'heron_spare'],
    [2, 'heron_spare'],
    [5, 'heron_spare'],
    [7, 'Heron gold'],
  ] as const) {
    const route = routes[index] ?? ['GET', '/']
    const { status, text } = await ask(key, route)
    expect([route, status, text.includes(word)]).toEqual([route, 200, true])
  }
})

it('it opens the document by no spelling of its path', async () => {
  for (const path of [
    'environment-document',
    'environment-document/',
    'environment-document//',
    'environment-document/?api_key=1',
    'Environment-Document/',
    'environment%2Ddocument/',
    'environment-document.json',
    'environment-document;a=b/',
    './environment-document/',
    'flags/../environment-document/',
    `environments/${client()}/document/`,
  ]) {
    for (const method of ['GET', 'POST', 'HEAD', 'PUT']) {
      const { status, text } = await ask(client(), [method, `/api/v1/${path}`])
      expect([method, path, status >= 400, hidden.exec(text)?.[0]]).toEqual([
        method,
        path,
        true,
        undefined,
      ])
    }
  }
})
