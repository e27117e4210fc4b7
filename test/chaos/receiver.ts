/**
 * Two webhook endpoints that stay up while the server dies. They remember every request they were sent, check its
 * signature, and refuse some of them after they have taken them.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Random } from '../support/walk/random.ts'

export const endpoints = ['environment', 'organisation'] as const
export type Endpoint = (typeof endpoints)[number]

/** One request. The place is of which environment it is, and its number among the endpoint's of it. */
export type Copy = { body: string; environment: string; sequence: number }

export type Receiver = {
  urlOf(endpoint: Endpoint): string
  /** What requests to the endpoint must be signed with; before that none is expected. */
  expect(endpoint: Endpoint, secret: string): void
  /** By endpoint, webhook id → what came under it, in order. */
  received: Record<Endpoint, Map<string, Copy[]>>
  /** What no receiver should see. */
  findings: string[]
  counts: { requests: number; faults: number }
  stop(): void
}

/** Answers take up to so long, so that kills find attempts under way. */
const answerMs = 50
/** No later ones: after a second that fails the next comes in five minutes, after a third in thirty. */
const faultyAttempts = 1

const headerOf = (headers: IncomingHttpHeaders, name: string) => String(headers[name] ?? '')

export async function startReceiver(random: Random, faults: number): Promise<Receiver> {
  const received = { environment: new Map(), organisation: new Map() } as Receiver['received']
  const secrets = new Map<Endpoint, string>()
  const findings: string[] = []
  const counts = { requests: 0, faults: 0 }

  function take(endpoint: Endpoint, headers: IncomingHttpHeaders, body: string): void {
    const id = headerOf(headers, 'webhook-id')
    try {
      const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
      const signed = Object.fromEntries(names.map((name) => [name, headerOf(headers, name)]))
      new Webhook(secrets.get(endpoint) ?? '').verify(body, signed)
    } catch (error) {
      findings.push(`event ${id} to the ${endpoint} does not verify: ${error}`)
    }
    const environment = headerOf(headers, 'x-environment') || 'none'
    const copy = { body, environment, sequence: Number(headers['x-sequence']) }
    const copies = received[endpoint].get(id)
    if (copies === undefined) received[endpoint].set(id, [copy])
    else copies.push(copy)
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    // Whoever sends may be killed in the middle: then nothing has been received.
    const isWhole = await (async () => {
      for await (const chunk of request) chunks.push(chunk)
      return true
    })().catch(() => false)
    if (!isWhole) return
    const endpoint = endpoints.find((one) => request.url === `/${one}`)
    if (endpoint === undefined) return
    take(endpoint, request.headers, Buffer.concat(chunks).toString('utf8'))
    counts.requests++
    await sleep(random.int(answerMs))
    const mayFail = Number(request.headers['x-attempt']) <= faultyAttempts
    const fate = mayFail && random.chance(faults) ? random.pick(['error', 'reset']) : 'taken'
    if (fate !== 'taken') counts.faults++
    if (fate === 'reset') request.socket.resetAndDestroy()
    else response.writeHead(fate === 'error' ? 500 : 200).end('thanks')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (endpoint) => `http://127.0.0.1:${port}/${endpoint}`,
    expect: (endpoint, secret) => secrets.set(endpoint, secret),
    received,
    findings,
    counts,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
