/** OpenFeature's published SDKs with OFREP's and Flagsmith's providers, against a real server. */

import { FlagsmithClientProvider } from '@openfeature/flagsmith-client-provider'
import { FlagsmithOpenFeatureProvider } from '@openfeature/flagsmith-provider'
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider'
import { type Client, OpenFeature as Server } from '@openfeature/server-sdk'
import { type Provider, ProviderEvents, OpenFeature as Web } from '@openfeature/web-sdk'
import { Flagsmith } from 'flagsmith-nodejs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { type Environment, environmentOf, putState, until } from './demo.ts'

let server: TestServer
let development: Environment
let production: Environment

beforeAll(async () => {
  server = await startServer()
  development = environmentOf(server, 'Development')
  production = environmentOf(server, 'Production')
})

afterEach(() => Promise.all([Server.clearProviders(), Web.clearProviders()]))
afterAll(() => server.stop())

/** A change must have reached every reader after this long. */
const withinMs = 5_000

const theme = { primary: '#1d4ed8', rounded: false }
const variants = ['Buy now', 'Add to basket', 'Get it today']

async function serverClient(headers: Record<string, string>): Promise<Client> {
  const provider = new OFREPProvider({
    baseUrl: server.url,
    headers: Object.entries(headers),
  })
  await Server.setProviderAndWait(provider)
  return Server.getClient()
}

describe('@openfeature/ofrep-provider', () => {
  test.each([
    ['X-API-Key', (key: string) => key],
    ['X-Environment-Key', (key: string) => key],
    ['Authorization', (key: string) => `Bearer ${key}`],
  ])('reads every type of value with the key in %s', async (name, headerFor) => {
    for (const key of [production.server_key, production.client_key]) {
      const client = await serverClient({ [name]: headerFor(key) })
      const text = await client.getStringDetails('welcome_text', 'none')
      expect(text).toMatchObject({ value: 'Free delivery this week', reason: 'STATIC' })
      expect(text.flagMetadata).toMatchObject({ enabled: true })
      expect(await client.getNumberValue('max_basket_items', 0)).toBe(25)
      expect(await client.getObjectValue('theme', {})).toEqual(theme)
    }
  })

  test('reads a feature without a value as its switch', async () => {
    const inDevelopment = await serverClient({ 'X-API-Key': development.server_key })
    expect(await inDevelopment.getBooleanDetails('new_checkout', false)).toMatchObject({
      value: true,
      reason: 'STATIC',
    })
    const inProduction = await serverClient({ 'X-API-Key': production.server_key })
    expect(await inProduction.getBooleanDetails('new_checkout', true)).toMatchObject({
      value: false,
      reason: 'DISABLED',
    })
  })

  test('keeps each user in one share of a split', async () => {
    const client = await serverClient({ 'X-API-Key': production.server_key })
    const seen = new Set<string>()
    for (let user = 0; user < 20; user++) {
      const context = { targetingKey: `user ${user}`, plan: 'pro', nested: { ignored: true } }
      const first = await client.getStringDetails('buy_button', 'none', context)
      expect(first.reason).toBe('SPLIT')
      expect(variants).toContain(first.value)
      expect(first.variant).toMatch(first.value === 'Buy now' ? /^control$/ : /^option-\d+$/)
      const again = await client.getStringDetails('buy_button', 'none', context)
      expect(again).toEqual(first)
      seen.add(first.value)
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  test('falls back to the caller’s default where there is nothing to serve, and says why', async () => {
    const client = await serverClient({ 'X-API-Key': production.server_key })
    const fallback = { value: 'mine', reason: 'ERROR' }
    expect(await client.getStringDetails('nothing', 'mine')).toMatchObject({
      ...fallback,
      errorCode: 'FLAG_NOT_FOUND',
    })
    expect(await client.getStringDetails('max_basket_items', 'mine')).toMatchObject({
      ...fallback,
      errorCode: 'TYPE_MISMATCH',
    })
    const context = { targetingKey: 'x'.repeat(2_001) }
    expect(await client.getStringDetails('welcome_text', 'mine', context)).toMatchObject({
      ...fallback,
      errorCode: 'INVALID_CONTEXT',
    })
    const stranger = await serverClient({ 'X-API-Key': 'ser.unknown' })
    expect(await stranger.getStringDetails('welcome_text', 'mine')).toMatchObject(fallback)
  })

  test('uses the caller’s default for a value that is switched off', async () => {
    const client = await serverClient({ 'X-API-Key': development.server_key })
    await putState(server, development, { feature: 'theme', enabled: false })
    const read = () => client.getObjectValue('theme', { mine: true })
    const satisfied = (value: object) => 'mine' in value
    expect(await until(read, { satisfied, withinMs })).toEqual({ mine: true })
    await putState(server, development, { feature: 'theme', enabled: true })
  })
})

/** The web SDK with a look at what its provider was answered. */
async function webClient(key: string, context = {}) {
  const statuses: number[] = []
  const provider = new OFREPWebProvider({
    baseUrl: server.url,
    headers: [['X-API-Key', key]],
    pollInterval: 200,
    cacheMode: 'disabled',
    fetchImplementation: async (input: Request, init?: RequestInit) => {
      const response = await fetch(input, init)
      statuses.push(response.status)
      return response
    },
  })
  // Its optional fields are typed less exactly than the SDK's.
  await Web.setProviderAndWait(provider as Provider, context)
  return { client: Web.getClient(), statuses }
}

describe('@openfeature/ofrep-web-provider', () => {
  test('reads all flags at once, of every type', async () => {
    const { client } = await webClient(production.client_key)
    expect(client.getStringValue('welcome_text', 'none')).toBe('Free delivery this week')
    expect(client.getNumberValue('max_basket_items', 0)).toBe(25)
    expect(client.getObjectValue('theme', {})).toEqual(theme)
    expect(client.getBooleanDetails('new_checkout', true)).toMatchObject({
      value: false,
      reason: 'DISABLED',
    })
    expect(client.getBooleanDetails('nothing', true)).toMatchObject({
      value: true,
      errorCode: 'FLAG_NOT_FOUND',
    })
  })

  test('evaluates anew when the context changes', async () => {
    const { client } = await webClient(production.client_key, { targetingKey: 'user 0' })
    const seen = new Set<string>()
    for (let user = 0; user < 20; user++) {
      await Web.setContext({ targetingKey: `user ${user}` })
      const details = client.getStringDetails('buy_button', 'none')
      expect(details.reason).toBe('SPLIT')
      seen.add(details.value)
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  test('polls without a body until something changes, and then learns what', async () => {
    const { client, statuses } = await webClient(production.client_key)
    const changed: string[] = []
    client.addHandler(ProviderEvents.ConfigurationChanged, (event) => {
      changed.push(...(event?.flagsChanged ?? []))
    })
    const polls = await until(() => [...statuses], { satisfied: (all) => all.length > 3, withinMs })
    expect(polls).toEqual([200, ...polls.slice(1).map(() => 304)])
    await putState(server, production, { feature: 'max_basket_items', feature_state_value: 26 })
    const read = () => client.getNumberValue('max_basket_items', 0)
    expect(await until(read, { satisfied: (value) => value === 26, withinMs })).toBe(26)
    expect(changed).toEqual(['max_basket_items'])
    await putState(server, production, { feature: 'max_basket_items', feature_state_value: 25 })
  })

  test('takes the caller’s default, not an error, for a value that is switched off', async () => {
    await putState(server, production, { feature: 'welcome_text', enabled: false })
    const { client } = await webClient(production.client_key)
    const read = () => client.getStringDetails('welcome_text', 'mine')
    const satisfied = ({ value }: { value: string }) => value === 'mine'
    const details = await until(read, { satisfied, withinMs })
    expect(details).toMatchObject({ value: 'mine', reason: 'DISABLED' })
    expect(details.errorCode).toBeUndefined()
    await putState(server, production, { feature: 'welcome_text', enabled: true })
  })

  test('refuses to start with an unknown key', async () => {
    await expect(webClient('unknown')).rejects.toThrow()
  })
})

/** The provider was written for an older Flagsmith SDK, whose class TypeScript calls another type. */
type ProvidersClient = ConstructorParameters<typeof FlagsmithOpenFeatureProvider>[0]

async function flagsmithClient(environmentKey: string): Promise<Client> {
  const flagsmith = new Flagsmith({ environmentKey, apiUrl: `${server.url}/api/v1/` })
  const provider = new FlagsmithOpenFeatureProvider(flagsmith as unknown as ProvidersClient)
  await Server.setProviderAndWait(provider)
  return Server.getClient()
}

describe('@openfeature/flagsmith-provider', () => {
  test('reads switches and every type of value', async () => {
    const client = await flagsmithClient(production.server_key)
    expect(await client.getBooleanDetails('new_checkout', true)).toMatchObject({
      value: false,
      reason: 'DISABLED',
    })
    expect(await client.getBooleanValue('theme', false)).toBe(true)
    expect(await client.getNumberValue('max_basket_items', 0)).toBe(25)
    expect(await client.getObjectValue('theme', {})).toEqual(theme)
    expect(await client.getStringDetails('nothing', 'mine')).toMatchObject({
      value: 'mine',
      errorCode: 'FLAG_NOT_FOUND',
    })
  })

  test('puts a user into the same share as OFREP does', async () => {
    const flagsmith = await flagsmithClient(production.server_key)
    const users = Array.from({ length: 10 }, (_, index) => ({ targetingKey: `user ${index}` }))
    const read = (client: Client) =>
      Promise.all(users.map((user) => client.getStringValue('buy_button', 'none', user)))
    const byFlagsmith = await read(flagsmith)
    expect(byFlagsmith).not.toContain('none')
    const ofrep = await serverClient({ 'X-API-Key': production.server_key })
    expect(await read(ofrep)).toEqual(byFlagsmith)
  })
})

describe('@openfeature/flagsmith-client-provider', () => {
  test('reads switches and values, for nobody and for a user', async () => {
    const provider = new FlagsmithClientProvider({
      environmentID: production.client_key,
      api: `${server.url}/api/v1/`,
      fetch: globalThis.fetch,
      cacheFlags: false,
    })
    await Web.setProviderAndWait(provider)
    const client = Web.getClient()
    expect(client.getBooleanValue('theme', false)).toBe(true)
    expect(client.getNumberValue('max_basket_items', 0)).toBe(25)
    expect(client.getObjectValue('theme', {})).toEqual(theme)
    const seen = new Set<string>()
    for (let user = 0; user < 20; user++) {
      await Web.setContext({ targetingKey: `user ${user}`, traits: { plan: 'pro' } })
      seen.add(client.getStringValue('buy_button', 'none'))
    }
    expect(seen.size).toBeGreaterThan(1)
    for (const value of seen) expect(variants).toContain(value)
  })
})
