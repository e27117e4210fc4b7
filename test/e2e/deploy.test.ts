/** `npm run deploy` against a stand-in for Cloudflare's API: nothing leaves this machine. */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Account, emptyAccount, startCloudflare } from './cloudflare.ts'

const closers: (() => void)[] = []

afterAll(() => {
  for (const close of closers) close()
})

type Ran = { code: number | null; output: string }

function run(args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const { CLOUDFLARE_API_TOKEN: _, ...rest } = process.env
  const child = spawn(process.execPath, ['src/tools/deploy.ts', ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const collect = (part: Buffer) => {
    output += part.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

async function deployTo(account: Account): Promise<Ran> {
  const cloudflare = await startCloudflare(account)
  closers.push(cloudflare.close)
  return run([], {
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_TOKEN: 'token',
    CLOUDFLARE_ACCOUNT_ID: 'acc',
  })
}

describe('npm run deploy on an account, for the first time and again', () => {
  const account = emptyAccount()
  let first: Ran
  let again: Ran
  let doneFirst: string[]

  beforeAll(async () => {
    first = await deployTo(account)
    doneFirst = account.done.splice(0)
    again = await deployTo(account)
  })

  test('it makes what is missing, and the schema before the Worker', () => {
    expect(first.output).toContain('Deployed.')
    expect(first.code).toBe(0)
    expect(doneFirst).toEqual([
      'create database burgee',
      'create queue burgee-deliveries',
      'create queue burgee-dead-letters',
      'migrate',
      'create namespace burgee-documents',
      'upload',
      'set the schedule',
    ])
    expect(account.unknown).toEqual([])
  })

  test('the first upload carries a random secret, which is shown nowhere', () => {
    const sent = /"name":"BURGEE_SECRET","type":"secret_text","text":"([^"]+)"/.exec(
      account.uploads[0] ?? '',
    )?.[1]
    expect(Buffer.from(sent ?? '', 'base64')).toHaveLength(32)
    expect(first.output).not.toContain(sent)
  })

  test('the upload names its commit', () => {
    expect(account.uploads[0]).toMatch(/"name":"COMMIT","type":"plain_text","text":"\w+"/)
  })

  test('the second deployment makes nothing twice and keeps the secret', () => {
    expect(again.code).toBe(0)
    expect(account.done).toEqual(['migrate', 'upload', 'set the schedule'])
    expect(account.uploads[1]).toContain('{"name":"BURGEE_SECRET","type":"inherit"}')
    expect(account.uploads[1]).not.toContain('secret_text')
  })
})

describe('npm run deploy', () => {
  test('a namespace that a cut-off deployment left is named, with the way out', async () => {
    const account = { ...emptyAccount(), namespaces: ['burgee-documents'] }
    const { code, output } = await deployTo(account)
    expect(code).toBe(1)
    expect(output).toContain('npx wrangler kv namespace delete --namespace-id')
    expect(account.uploads).toEqual([])
  })

  test('without a login it says how to log in', async () => {
    const { code, output } = await run([], {
      XDG_CONFIG_HOME: '/nonexistent',
      HOME: '/nonexistent',
    })
    expect(code).toBe(1)
    expect(output).toContain('npx wrangler login')
  })

  test('a dry run builds and checks without an account', async () => {
    const { code, output } = await run(['--dry-run'], {})
    expect(output).toContain('Ready to deploy.')
    expect(code).toBe(0)
  })
})
