/**
 * Flagsmith's browser SDK in a real browser, from another origin: what CORS, preflights and the
 * page's own fetch make of the server. Where the machine has no Chromium it says so and runs nothing.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chromiumPath, launchBrowser, servePage } from '../support/chromium.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { environmentOf, putState, until } from './demo.ts'

if (chromiumPath === undefined) {
  console.warn('The browser cases did not run: this machine has no Chromium.')
}

/** The part of the SDK that the page uses; it runs in the browser, not here. */
type Sdk = {
  init(options: object): Promise<void>
  identify(identifier: string, traits?: object): Promise<void>
  setTrait(key: string, value: unknown): Promise<void>
  getFlags(): Promise<void>
  getAllTraits(): Record<string, unknown>
  getAllFlags(): Record<string, { enabled: boolean; value: unknown }>
}

describe.skipIf(chromiumPath === undefined)('@flagsmith/flagsmith in Chromium', () => {
  let server: TestServer
  let browser: Browser
  let shop: Awaited<ReturnType<typeof servePage>>
  let page: Page

  beforeAll(async () => {
    shop = await servePage()
    server = await startServer()
    browser = await launchBrowser(chromiumPath ?? '')
  })

  afterAll(async () => {
    await browser?.close()
    shop?.close()
    await server?.stop()
  })

  beforeEach(async () => {
    page = await browser.newPage()
    await page.goto(shop.url)
  })

  afterEach(() => page.close())

  const options = (environment: string) => ({
    environmentID: environmentOf(server, environment).client_key,
    api: `${server.url}/api/v1/`,
  })

  const init = (settings: object) =>
    page.evaluate(async (given) => {
      const { sdk } = globalThis as unknown as { sdk: Sdk }
      await sdk.init({ ...given, cacheFlags: false })
      return sdk.getAllFlags()
    }, settings)

  test('reads the flags of its environment across origins', async () => {
    const flags = await init(options('Development'))
    expect(flags.new_checkout?.enabled).toBe(true)
    expect(flags.max_basket_items?.value).toBe(50)
  })

  test('sees what an administrator changes', async () => {
    await init(options('Production'))
    const development = environmentOf(server, 'Production')
    await putState(server, development, { feature: 'welcome_text', feature_state_value: 'Hello!' })
    const read = () =>
      page.evaluate(async () => {
        const { sdk } = globalThis as unknown as { sdk: Sdk }
        await sdk.getFlags()
        return sdk.getAllFlags().welcome_text?.value
      })
    expect(await until(read, { satisfied: (value) => value === 'Hello!', withinMs: 5_000 })).toBe(
      'Hello!',
    )
  })

  test('identifies a visitor, keeps the traits it is given, and gets a variant that stays', async () => {
    await init(options('Development'))
    const identify = () =>
      page.evaluate(async () => {
        const { sdk } = globalThis as unknown as { sdk: Sdk }
        await sdk.identify('visitor_7', { plan: 'gold', visits: 3, beta: true })
        return { traits: sdk.getAllTraits(), value: sdk.getAllFlags().buy_button?.value }
      })
    const first = await identify()
    expect(first.traits).toMatchObject({ plan: 'gold', visits: 3, beta: true })
    expect((await identify()).value).toBe(first.value)
    const later = await page.evaluate(async () => {
      const { sdk } = globalThis as unknown as { sdk: Sdk }
      await sdk.setTrait('plan', 'silver')
      return sdk.getAllTraits()
    })
    expect(later).toMatchObject({ plan: 'silver', visits: 3 })
  })

  test('is refused with a key that is unknown, in words that the page can read', async () => {
    const address = `${server.url}/api/v1/flags/`
    const answer = await page.evaluate(async (url) => {
      const response = await fetch(url, { headers: { 'X-Environment-Key': 'nobody' } })
      return { status: response.status, body: await response.json() }
    }, address)
    expect(answer).toEqual({
      status: 403,
      body: { detail: 'Invalid or missing Environment Key' },
    })
  })
})
