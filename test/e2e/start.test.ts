/** `npm start`, as a user meets it: the tool is run, its text is read, its promises are tried. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApi, list } from '../../src/tools/api.ts'
import { demoFeatures } from '../../src/tools/demo-content.ts'
import {
  freePort,
  readJson,
  root,
  runStartTool,
  startServer,
  type TestServer,
  temporaryFolder,
} from '../support/server.ts'
import { adminOf, environmentOf } from './demo.ts'

const run = promisify(execFile)

/** Every process that descends from this one, by what /proc says. */
function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const pids = children === '' ? [] : children.split(' ').map(Number)
  return pids.flatMap((child) => [child, ...descendants(child)])
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

async function allGone(pids: number[]): Promise<boolean> {
  for (let waited = 0; waited < 5_000 && pids.some(isAlive); waited += 50) await sleep(50)
  return !pids.some(isAlive)
}

/** How much of everything the demo's account sees. */
async function counts(server: TestServer): Promise<Record<string, number>> {
  const api = adminOf(server)
  const { organisation_id, project_id } = server.demo
  const paths = {
    organisations: 'organisations/',
    keys: `organisations/${organisation_id}/master-api-keys/`,
    projects: `projects/?organisation=${organisation_id}`,
    environments: `environments/?project=${project_id}`,
    features: `projects/${project_id}/features/`,
    entries: `projects/${project_id}/audit/`,
  }
  const counted = Object.entries(paths).map(
    async ([name, path]) => [name, (await list(api, path)).length] as const,
  )
  return Object.fromEntries(await Promise.all(counted))
}

const seeded = {
  organisations: 1,
  keys: 1,
  projects: 1,
  environments: 2,
  features: demoFeatures.length,
}

/** The lines of the block from the one that starts so, up to the next empty line. */
function blockPart(output: string, start: string): string {
  const lines = output.split('\n')
  const from = lines.findIndex((line) => line.startsWith(start))
  const to = lines.indexOf('', from)
  return lines.slice(from, to).join('\n')
}

describe('npm start', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer()
  })

  afterAll(() => server.kill())

  test('the first start seeds one project with two environments and flags of every kind', async () => {
    expect(await counts(server)).toMatchObject(seeded)
    const response = await fetch(`${server.url}/api/v1/flags/`, {
      headers: { 'X-Environment-Key': environmentOf(server, 'Development').client_key },
    })
    const flags = (await response.json()) as {
      feature: { name: string }
      feature_state_value: unknown
    }[]
    const values = Object.fromEntries(flags.map((f) => [f.feature.name, f.feature_state_value]))
    expect(values).toEqual({
      new_checkout: null,
      welcome_text: 'Hello from Development',
      max_basket_items: 50,
      theme: '{"primary":"#0f766e","rounded":true}',
      buy_button: 'Buy now',
    })
  })

  test('what the demo wrote is what its log says, while the server runs', async () => {
    const args = ['src/tools/fsck.ts', '--persist-to', server.persistTo]
    const checked = await run(process.execPath, args, { cwd: root })
    expect(checked.stdout).toMatch(/\nGOOD: \d\d+ entries in 2 ledgers/)
  })

  test('the block shows every fact of demo.json', () => {
    const { demo } = server
    expect(demo).toEqual(readJson(join(server.persistTo, 'demo.json')))
    const secrets = [demo.url, demo.email, demo.password, demo.organisation_api_key]
    const keys = demo.environments.flatMap(({ name, client_key, server_key }) => [
      name,
      client_key,
      server_key,
    ])
    for (const fact of [...secrets, ...keys]) expect(server.output()).toContain(fact)
    expect(demo.environments.map(({ name }) => name)).toEqual(['Development', 'Production'])
    expect(demo.token).not.toBe('')
    for (const id of [
      demo.organisation_id,
      demo.project_id,
      ...demo.environments.map((e) => e.id),
    ]) {
      expect(id).toBeGreaterThan(0)
    }
  })

  test('the curl line works when pasted', async () => {
    const line = blockPart(server.output(), 'curl ')
    const { stdout } = await run('sh', ['-c', line])
    expect(JSON.parse(stdout)).toHaveLength(demoFeatures.length)
  })

  test('the SDK snippet works when pasted', async () => {
    const snippet = blockPart(server.output(), 'const { Flagsmith }')
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', snippet], {
      cwd: root,
    })
    expect(stdout.trim()).toBe('Hello from Development')
  })

  test('the e-mail and password log in, and the organisation key is accepted', async () => {
    const { url, demo } = server
    const { email, password } = demo
    const login = await createApi({ url }).send('POST', 'auth/login/', { email, password })
    expect(login.status).toBe(200)
    const byKey = createApi({ url, authorization: `Api-Key ${demo.organisation_api_key}` })
    const projects = await list<{ id: number }>(byKey, 'projects/')
    expect(projects.map(({ id }) => id)).toEqual([demo.project_id])
  })

  test('only its owner can read the state folder and what is in it', () => {
    const modeOf = (path: string) => statSync(path).mode & 0o777
    expect(modeOf(server.persistTo)).toBe(0o700)
    const files = readdirSync(server.persistTo, { withFileTypes: true, recursive: true })
    const open = files
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => (modeOf(path) & 0o077) !== 0)
    expect(files.length).toBeGreaterThan(5)
    expect(open).toEqual([])
  })

  test('it listens on this machine only', () => {
    const port = Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, '0')
    const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'))
    // State 0A listens; 0100007F is 127.0.0.1.
    const listening = tables.join('\n').match(new RegExp(`\\S+:${port} \\S+ 0A`, 'g'))
    expect(listening).toEqual([`0100007F:${port} 00000000:0000 0A`])
  })

  test('the secret reaches no command line', () => {
    const secret = readFileSync(join(server.persistTo, 'server.env'), 'utf8').split('=')[1]?.trim()
    const lines = descendants(server.pid).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    expect(lines.length).toBeGreaterThan(1)
    expect(secret).toMatch(/^[A-Za-z0-9+/]{43}=?$/)
    expect(lines.filter((line) => line.includes(secret ?? ''))).toEqual([])
  })

  test('a second server runs beside it, with data and secrets of its own', async () => {
    const other = await startServer()
    try {
      expect(other.demo.url).not.toBe(server.demo.url)
      expect(other.demo.password).not.toBe(server.demo.password)
      expect(other.demo.organisation_api_key).not.toBe(server.demo.organisation_api_key)
      const foreign = await fetch(`${other.url}/api/v1/flags/`, {
        headers: { 'X-Environment-Key': environmentOf(server, 'Development').client_key },
      })
      expect(foreign.status).toBeGreaterThanOrEqual(400)
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
    } finally {
      await other.stop()
    }
  })

  test('a taken port is refused with the way out', async () => {
    const port = new URL(server.url).port
    const tool = runStartTool(['--port', port, '--persist-to', temporaryFolder()])
    expect(await tool.exited).toBe(1)
    expect(tool.output()).toContain(`Port ${port} is taken`)
    expect(tool.output()).toContain('npm start -- --port')
  })

  test('a folder in use is refused, and the server that uses it goes on', async () => {
    const tool = runStartTool(['--port', '0', '--persist-to', server.persistTo])
    expect(await tool.exited).toBe(1)
    expect(tool.output()).toContain(`A server already runs from ${server.persistTo}`)
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test("a folder with someone else's files is refused and left as it was", async () => {
    const folder = join(temporaryFolder(), 'home')
    mkdirSync(folder, { mode: 0o755 })
    writeFileSync(join(folder, 'letter.txt'), 'Dear Ada')
    const tool = runStartTool(['--port', '0', '--persist-to', folder])
    expect(await tool.exited).toBe(1)
    expect(tool.output()).toContain('holds other files')
    expect(readdirSync(folder)).toEqual(['letter.txt'])
    expect(statSync(folder).mode & 0o777).toBe(0o755)
  })

  test('a mistyped argument is answered with help and exit code 2', async () => {
    const tool = runStartTool(['--prot', '8000'])
    expect(await tool.exited).toBe(2)
    expect(tool.output()).toContain("Unknown option '--prot'")
    expect(tool.output()).toContain('--persist-to DIR')
  })

  test('Ctrl-C ends every process; the next start keeps data and keys and seeds nothing', async () => {
    const before = await counts(server)
    const processes = descendants(server.pid)
    expect(processes.length).toBeGreaterThan(1)
    expect(await server.stop()).toBe(0)
    expect(await allGone(processes)).toBe(true)
    const { persistTo, demo } = server
    server = await startServer({ persistTo, port: Number(new URL(demo.url).port) })
    expect(server.demo).toEqual(demo)
    expect(server.output()).toContain(demo.environments[1]?.server_key)
    expect(await counts(server)).toEqual(before)
  })

  test('when the tool is killed, what it started ends by itself', async () => {
    const processes = descendants(server.pid)
    process.kill(server.pid, 'SIGKILL')
    expect(await allGone(processes)).toBe(true)
  })
})

describe('a first start that is killed half-way', () => {
  test('is finished by the next one, and nothing is there twice', async () => {
    const persistTo = temporaryFolder()
    const port = String(await freePort())
    const first = runStartTool(['--port', port, '--persist-to', persistTo], persistTo)
    const account = () =>
      readJson<{ organisation_api_key: string | null }>(join(persistTo, 'account.json'))
    // The key is stored in the middle of the seed: after the organisation, before the project.
    while (!account()?.organisation_api_key) await sleep(5)
    await first.kill()
    expect(existsSync(join(persistTo, 'demo.json'))).toBe(false)
    const server = await startServer({ persistTo })
    try {
      expect(await counts(server)).toMatchObject(seeded)
      expect(server.demo.organisation_api_key).toBe(account()?.organisation_api_key)
    } finally {
      await server.stop()
    }
  })
})
