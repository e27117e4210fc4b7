/**
 * Webhook endpoints that stay up while the server dies. They remember every request they were sent, check its
 * signature, and answer some of them badly, late or never after they have taken them.
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Random } from '../support/walk/random.ts'
import type { Clock } from './clock.ts'
import { type Endpoint, endpointNames, forEachEndpoint } from './endpoints.ts'

/** One request. The place is of which environment it is, and its number among the endpoint's of it. */
export type Copy = { body: string; environment: string; sequence: number }

export type Receiver = {
  urlOf(endpoint: Endpoint): string
  /** What requests to the endpoint must be signed with; before that none is expected. */
  expect(endpoint: Endpoint, secret: string): void
  /** By endpoint, webhook id → what came under it, in order; ids in the order of their first arrivals. */
  received: Record<Endpoint, Map<string, Copy[]>>
  /** What no receiver should see. */
  findings: string[]
  /** Of all requests, and how many of them were answered badly, by how. */
  counts: { requests: number; faults: Map<string, number> }
  /** Requests that wait for an answer. */
  open(): number
  /** Over when nobody is connected: what a dead server has sent is then taken. */
  deserted(): Promise<void>
  stop(): void
}

type Fate = 'taken' | 'error' | 'reset' | 'slow' | 'hang'

/** Answers take up to so long, so that kills find attempts under way. */
const answerMs = 50
const slowMs = 3_000
/** Of a fresh timestamp; stock verifiers allow as much. */
const toleranceMs = 5 * 60_000

const headerOf = (headers: IncomingHttpHeaders, name: string) => String(headers[name] ?? '')

type Tools = { random: Random; faults: number; clock: Clock }

export async function startReceiver({ random, faults, clock }: Tools): Promise<Receiver> {
  const received = forEachEndpoint(() => new Map<string, Copy[]>())
  const secrets = new Map<Endpoint, string>()
  const findings: string[] = []
  const counts = { requests: 0, faults: new Map<string, number>() }
  let open = 0

  /** Stock verifiers read the machine's clock, so the signature is made anew. */
  function verify(endpoint: Endpoint, headers: IncomingHttpHeaders, body: string): string | null {
    const id = headerOf(headers, 'webhook-id')
    const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
    const signature = new Webhook(secrets.get(endpoint) ?? '').sign(id, at, body)
    if (headerOf(headers, 'webhook-signature') !== signature) return 'does not verify'
    return Math.abs(clock.now() - at.getTime()) > toleranceMs ? `is of ${at.toISOString()}` : null
  }

  function take(endpoint: Endpoint, headers: IncomingHttpHeaders, body: string): void {
    const id = headerOf(headers, 'webhook-id')
    const flaw = verify(endpoint, headers, body)
    if (flaw !== null) findings.push(`event ${id} to the ${endpoint} ${flaw}`)
    const environment = headerOf(headers, 'x-environment') || 'none'
    const copy = { body, environment, sequence: Number(headers['x-sequence']) }
    const copies = received[endpoint].get(id)
    if (copies === undefined) received[endpoint].set(id, [copy])
    else copies.push(copy)
  }

  /** Whichever attempt it is: a schedule of ten has to bring every event through. */
  function decide(): Fate {
    if (!random.chance(faults)) return 'taken'
    const fate = random.pick<Fate>(['error', 'reset', 'slow', 'hang']) ?? 'error'
    counts.faults.set(fate, (counts.faults.get(fate) ?? 0) + 1)
    return fate
  }

  async function answer(response: ServerResponse, fate: Fate): Promise<void> {
    // Whoever sends gives up in the end, or dies.
    if (fate === 'hang') return
    await sleep(random.int(fate === 'slow' ? slowMs : answerMs))
    if (fate === 'reset') response.req.socket.resetAndDestroy()
    else response.writeHead(fate === 'error' ? 500 : 200).end('thanks')
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    // Whoever sends may be killed in the middle: then nothing has been received.
    const isWhole = await (async () => {
      for await (const chunk of request) chunks.push(chunk)
      return true
    })().catch(() => false)
    if (!isWhole) return
    const endpoint = endpointNames.find((one) => request.url === `/${one}`)
    if (endpoint === undefined) return
    if (!request.socket.destroyed) {
      open++
      response.once('close', () => open--)
    }
    take(endpoint, request.headers, Buffer.concat(chunks).toString('utf8'))
    counts.requests++
    await answer(response, decide())
  })
  const connections = () =>
    new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (endpoint) => `http://127.0.0.1:${port}/${endpoint}`,
    expect: (endpoint, secret) => secrets.set(endpoint, secret),
    received,
    findings,
    counts,
    open: () => open,
    async deserted() {
      do await sleep(5)
      while ((await connections()) > 0)
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
