/** `npm run webhook:listen` as a process: what it prints of requests that come over the network. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { signed } from './webhook-cases.ts'

const root = join(import.meta.dirname, '../..')
const patience = 30_000

const started: ChildProcess[] = []

function start(...args: string[]) {
  const tool = join(root, 'src/tools/webhook-listen.ts')
  const child = spawn(process.execPath, [tool, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const told = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told.error += text))
  return { child, told, exited: once(child, 'close').then(([code]) => code as number | null) }
}

type Tool = ReturnType<typeof start>

async function until<T>(look: () => T | undefined, tool: Tool): Promise<T> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(20)) {
    const found = look()
    if (found !== undefined) return found
  }
  throw new Error(`Nothing came: ${tool.told.out}${tool.told.error}`)
}

const urlOf = (tool: Tool) =>
  until(() => /http:\/\/127\.0\.0\.1:\d+\//.exec(tool.told.out)?.[0], tool)

const secret = 'my shared secret'
const body = JSON.stringify({
  event_type: 'FLAG_UPDATED',
  data: {
    changed_by: 'ada@example.com',
    new_state: { enabled: true, feature: { name: 'dark\u001b[2Jmode' }, environment: { id: 1 } },
    previous_state: { enabled: false },
  },
})

type Sent = { sequence: number; id?: string; attempt?: number; key?: string }

function headersOf({ sequence, id = `evt_${sequence}`, attempt = 1, key = secret }: Sent) {
  const timestamp = Math.floor(Date.now() / 1_000)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signed(Buffer.from(key), { id, timestamp, body }),
    'x-sequence': String(sequence),
    'x-previous-sequence': String(sequence - 1),
    'x-attempt': String(attempt),
  }
}

/** The status, and the line that is printed; requests come one after the other. */
async function post(tool: Tool, sent: Sent): Promise<{ status: number; line: string }> {
  const url = await urlOf(tool)
  const before = tool.told.out.length
  const response = await fetch(url, { method: 'POST', headers: headersOf(sent), body })
  const line = await until(() => /^.*\n/.exec(tool.told.out.slice(before))?.[0], tool)
  return { status: response.status, line: line.trimEnd() }
}

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL')
})

describe('the local receiver', { timeout: 2 * patience }, () => {
  test('tells of each webhook in a line, and ends when it is asked to', async () => {
    const tool = start('--secret', secret)
    const first = await post(tool, { sequence: 4 })
    expect(first.status).toBe(200)
    expect(first.line).toMatch(/^\d\d:\d\d:\d\d {2}evt_4 {2}attempt 1 {2}sequence 4 \| /)
    // Whoever sends could otherwise move the cursor.
    expect(first.line).toContain('FLAG_UPDATED dark\ufffd[2Jmode: enabled false → true')
    expect(first.line).toMatch(/\| verified \(webhook-signature\)$/)

    const forged = await post(tool, { sequence: 9, key: 'another secret' })
    expect(forged.line).toContain('| NOT VERIFIED: webhook-signature fits neither')
    expect(forged.line).not.toContain('GAP')

    const again = await post(tool, { sequence: 4, attempt: 2 })
    expect(again.line).toMatch(/attempt 2 .*\| DUPLICATE: came at \d\d:\d\d:\d\d$/)

    const later = await post(tool, { sequence: 7 })
    expect(later.line).toMatch(/\| GAP: sequence 5 to 6 has not come$/)

    expect((await fetch(await urlOf(tool))).status).toBe(405)
    tool.child.kill('SIGTERM')
    expect(await tool.exited).toBe(0)
    expect(tool.told.error).toBe('')
  })

  test('answers what it is told, shows bodies, and says that it checks nothing', async () => {
    const tool = start('--status', '503', '--body')
    const { status, line } = await post(tool, { sequence: 1 })
    expect(status).toBe(503)
    expect(line).toContain('| not checked: start with --secret or --public-key | answered 503')
    await until(() => /^ {2}"event_type": "FLAG_UPDATED",$/m.exec(tool.told.out)?.[0], tool)
    const port = new URL(await urlOf(tool)).port
    const second = start('--port', port)
    expect(await second.exited).toBe(1)
    expect(second.told.error).toBe(`Port ${port} is taken by another program.\n`)
  })

  test('ends with exit code 2 and its usage where it does not understand', async () => {
    const tool = start('--status', 'teapot')
    expect(await tool.exited).toBe(2)
    expect(tool.told.error).toContain('Usage: npm run webhook:listen')
  })
})
