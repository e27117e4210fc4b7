/** A webhook receiver that stays up while the server dies: it remembers every body it was sent. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Receiver = {
  url: string
  /** Webhook id → the bodies that came under it, in order. */
  received: Map<string, string[]>
  /** How many of these values no event has told yet. */
  missing(values: Set<string>): number
  stop(): void
}

const toldBy = (body: string): string => {
  const event = JSON.parse(body) as { data: { new_state: { feature_state_value: string } | null } }
  return event.data.new_state?.feature_state_value ?? ''
}

export async function startReceiver(): Promise<Receiver> {
  const received = new Map<string, string[]>()
  const told = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const id = String(request.headers['webhook-id'])
      received.set(id, [...(received.get(id) ?? []), body])
      told.add(toldBy(body))
      response.end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    missing: (values) => values.difference(told).size,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
