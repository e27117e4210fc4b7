/** A real browser, where the machine has one, and a page of another origin than the server's. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { root } from './server.ts'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export const chromiumPath = candidates.find((path) => existsSync(path))

/** Without these the browser calls home, many times, before it shows a page. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launchBrowser = (executablePath: string) =>
  chromium.launch({ executablePath, args: quiet })

const shopPage = `<!doctype html><title>shop</title>
<script type="module">
  import sdk from '/flagsmith.mjs'
  globalThis.sdk = sdk
</script>`

/** Serves a page with the SDK's browser build in `globalThis.sdk`, from an origin of its own. */
export async function servePage(): Promise<{ url: string; close: () => void }> {
  const sdk = readFileSync(join(root, 'node_modules/@flagsmith/flagsmith/index.mjs'))
  const server = createServer((request, response) => {
    const script = request.url === '/flagsmith.mjs'
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
    response.end(script ? sdk : shopPage)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
