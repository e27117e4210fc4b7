/** flagsmith-nodejs evaluating locally from a real server's environment document, and remotely. */
import { get } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Flagsmith } from 'flagsmith-nodejs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { type Environment, environmentOf, putState, until } from './demo.ts'

let server: TestServer
let development: Environment
let local: Flagsmith
let remote: Flagsmith

beforeAll(async () => {
  server = await startServer()
  development = environmentOf(server, 'Development')
  const options = { environmentKey: development.server_key, apiUrl: `${server.url}/api/v1/` }
  local = new Flagsmith({ ...options, enableLocalEvaluation: true })
  remote = new Flagsmith(options)
})

afterAll(async () => {
  await local?.close()
  await server?.stop()
})

const features = ['new_checkout', 'welcome_text', 'max_basket_items', 'theme', 'buy_button']

type Flags = Awaited<ReturnType<Flagsmith['getEnvironmentFlags']>>

/** Remotely the SDK makes `undefined` of a value that is null. */
const read = (flags: Flags) =>
  features.map((name) => [name, flags.isFeatureEnabled(name), flags.getFeatureValue(name) ?? null])

test('the environment is the same locally and remotely', async () => {
  const flags = read(await local.getEnvironmentFlags())
  expect(flags).toEqual(read(await remote.getEnvironmentFlags()))
  expect(flags).toContainEqual(['max_basket_items', true, 50])
})

test('every identity gets the same flags locally and remotely, variants included', async () => {
  const buttons = new Set<unknown>()
  for (const identifier of ['anna', 'bob', '007', 'jürgen@example.com', '日本', 'a b', 'x', 'y']) {
    const traits = { plan: 'pro', age: 42, beta: true }
    const flags = await local.getIdentityFlags(identifier, traits)
    expect(read(flags)).toEqual(read(await remote.getIdentityFlags(identifier, traits)))
    buttons.add(flags.getFeatureValue('buy_button'))
  }
  expect(buttons.size).toBeGreaterThan(1)
})

test('a change reaches local evaluation with the next document', async () => {
  const text = 'Changed for local evaluation'
  await putState(server, development, { feature: 'welcome_text', feature_state_value: text })
  const ask = async () => {
    await local.updateEnvironment()
    return (await local.getEnvironmentFlags()).getFeatureValue('welcome_text')
  }
  expect(await until(ask, { satisfied: (value) => value === text, withinMs: 5_000 })).toBe(text)
})

/** Bytes as they are on the wire: `fetch` would unpack them. */
const wire = (headers: Record<string, string>) =>
  new Promise<{ status: number; encoding: string | undefined; etag: string; body: Buffer }>(
    (resolve, reject) => {
      const url = `${server.url}/api/v1/environment-document/`
      get(
        url,
        { headers: { 'X-Environment-Key': development.server_key, ...headers } },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part: Buffer) => parts.push(part))
          answer.on('error', reject)
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              encoding: answer.headers['content-encoding'],
              etag: answer.headers.etag ?? '',
              body: Buffer.concat(parts),
            }),
          )
        },
      ).on('error', reject)
    },
  )

test('the document is compressed for whom it may be, and is the same document', async () => {
  const [plain, packed] = await Promise.all([wire({}), wire({ 'Accept-Encoding': 'gzip' })])
  expect([plain.encoding, packed.encoding]).toEqual([undefined, 'gzip'])
  expect(packed.body.length).toBeLessThan(plain.body.length / 2)
  expect(gunzipSync(packed.body).toString()).toBe(plain.body.toString())
  expect(packed.etag).toBe(plain.etag)
  const again = await wire({ 'If-None-Match': packed.etag })
  expect([again.status, again.body.length]).toEqual([304, 0])
})
