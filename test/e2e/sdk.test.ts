/** Flagsmith's published SDKs, unchanged, against a real server. */
import { createFlagsmithInstance } from '@flagsmith/flagsmith/isomorphic'
import { Flagsmith } from 'flagsmith-nodejs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

afterAll(() => server.stop())

/** A change must have reached every reader after this long. */
const withinMs = 5_000

const nodeSdk = (environmentKey: string) =>
  new Flagsmith({ environmentKey, apiUrl: `${server.url}/api/v1/` })

async function webSdk(environmentID: string) {
  const flagsmith = createFlagsmithInstance()
  await flagsmith.init({
    environmentID,
    api: `${server.url}/api/v1/`,
    fetch: globalThis.fetch,
    cacheFlags: false,
  })
  return flagsmith
}

describe.each([
  ['server', (environment: Environment) => environment.server_key],
  ['client', (environment: Environment) => environment.client_key],
])('flagsmith-nodejs with the %s-side key', (_, keyOf) => {
  test('reads every kind of value as its own type', async () => {
    const flags = await nodeSdk(keyOf(development)).getEnvironmentFlags()
    expect(flags.isFeatureEnabled('new_checkout')).toBe(true)
    expect(flags.getFeatureValue('welcome_text')).toBe('Hello from Development')
    expect(flags.getFeatureValue('max_basket_items')).toBe(50)
    expect(JSON.parse(String(flags.getFeatureValue('theme')))).toMatchObject({ rounded: true })
  })

  test('reads each environment with its own key', async () => {
    const flags = await nodeSdk(keyOf(production)).getEnvironmentFlags()
    expect(flags.isFeatureEnabled('new_checkout')).toBe(false)
    expect(flags.getFeatureValue('max_basket_items')).toBe(25)
  })

  test('sees what an administrator changes', async () => {
    const text = `Changed for ${keyOf(development)}`
    await putState(server, development, { feature: 'buy_button', feature_state_value: text })
    const flagsmith = nodeSdk(keyOf(development))
    const read = async () => (await flagsmith.getEnvironmentFlags()).getFeatureValue('buy_button')
    expect(await until(read, { satisfied: (value) => value === text, withinMs })).toBe(text)
  })
})

describe('@flagsmith/flagsmith', () => {
  test('reads switches and values', async () => {
    const flagsmith = await webSdk(production.client_key)
    expect(flagsmith.hasFeature('new_checkout')).toBe(false)
    expect(flagsmith.hasFeature('theme')).toBe(true)
    expect(flagsmith.getValue('max_basket_items')).toBe(25)
    expect(flagsmith.getValue('theme', { json: true })).toMatchObject({ primary: '#1d4ed8' })
  })

  test('sees what an administrator switches on', async () => {
    const flagsmith = await webSdk(production.client_key)
    await putState(server, production, { feature: 'new_checkout', enabled: true })
    const read = async () => {
      await flagsmith.getFlags()
      return flagsmith.hasFeature('new_checkout')
    }
    expect(await until(read, { satisfied: (enabled) => enabled, withinMs })).toBe(true)
  })
})

test('an SDK with an unknown key is refused', async () => {
  const flagsmith = nodeSdk('ser.unknown')
  await expect(flagsmith.getEnvironmentFlags()).rejects.toThrow()
})
