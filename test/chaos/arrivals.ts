/**
 * Holds what the endpoints received against what the log says they should: nothing lost, nothing made up,
 * every copy the same bytes under the same number, no gap in the numbers, and first arrivals of an environment
 * in the order of their numbers where an endpoint asks for it. Pure.
 */
import { type Endpoint, endpointNames, endpoints } from './endpoints.ts'
import type { Load } from './load.ts'
import type { Copy, Receiver } from './receiver.ts'

export type Row = Record<string, string | number | null>

type World = { entries: Row[]; events: Row[]; load: Load; receiver: Receiver }
type Expected = { found: string[]; bodies: Map<string, string> }

/** Entries of the organisation that are younger than the endpoint. */
function entriesSince({ entries, load }: World, endpoint: Endpoint): Row[] {
  const own = entries.filter(({ ledger }) => ledger === `organisation:${load.organisationId}`)
  const made = own.findIndex(
    ({ action, resource_id }) =>
      action === 'webhook.created' && Number(resource_id) === load.webhooks[endpoint],
  )
  if (made < 0) throw new Error(`the log does not tell of the ${endpoint}'s webhook`)
  return own.slice(made + 1)
}

/** By the log, not by the events: one that was never frozen would be missed by nobody. */
function expectedOf(world: World, endpoint: Endpoint): Expected {
  const isAudit = endpoint === 'organisation'
  const { format } = endpoints[endpoint]
  const events = world.events.filter(
    (event) => event.format === format && (event.type === 'AUDIT_LOG_CREATED') === isAudit,
  )
  const keyOf = ({ change_id, sequence }: Row) => `${change_id} ${sequence}`
  const frozen = Map.groupBy(events, keyOf)
  const found: string[] = []
  const bodies = new Map<string, string>()
  for (const entry of entriesSince(world, endpoint)) {
    const isOfEnvironment =
      entry.action === 'feature-state.updated' && entry.environment_id === world.load.environmentId
    if (!isOfEnvironment && !isAudit) continue
    const [event, ...more] = frozen.get(keyOf(entry)) ?? []
    if (event === undefined || more.length > 0) {
      found.push(`entry ${entry.sequence} has not exactly one event for the ${endpoint}`)
    }
    if (event === undefined) continue
    const body = String(event.body)
    const value = JSON.parse(String(entry.record)).after?.string_value
    const { data } = JSON.parse(body)
    const tells = isAudit
      ? data.sequence === entry.sequence && data.change === entry.change_id
      : data.new_state?.feature_state_value === value
    if (!tells) found.push(`event ${event.id} does not tell of entry ${entry.sequence}`)
    bodies.set(String(event.id), body)
  }
  return { found, bodies }
}

function checkSequences(received: Map<string, Copy[]>, endpoint: Endpoint): string[] {
  const found: string[] = []
  const places = new Map<string, Set<number>>()
  for (const [id, [first, ...others]] of received) {
    if (first === undefined) continue
    const { environment, sequence } = first
    if (others.some((copy) => copy.environment !== environment || copy.sequence !== sequence)) {
      found.push(`event ${id} came to the ${endpoint} under several numbers`)
    }
    const numbers = places.get(environment) ?? new Set()
    if (numbers.has(sequence)) found.push(`the ${endpoint} has two events ${sequence}`)
    places.set(environment, numbers.add(sequence))
  }
  for (const [environment, numbers] of places) {
    for (let number = 1; number <= Math.max(0, ...numbers); number++) {
      if (!numbers.has(number)) {
        found.push(`the ${endpoint} has no event ${number} of environment ${environment}`)
      }
    }
  }
  return found
}

/** First arrivals that come after a higher number of their environment, each with the highest before it. */
export function findDisorder(firsts: Omit<Copy, 'body'>[]): { late: number; after: number }[] {
  const highest = new Map<string, number>()
  return firsts.flatMap(({ environment, sequence }) => {
    const after = highest.get(environment) ?? 0
    highest.set(environment, Math.max(after, sequence))
    return sequence < after ? [{ late: sequence, after }] : []
  })
}

const disorderOf = (received: Map<string, Copy[]>) =>
  findDisorder([...received.values()].flatMap((copies) => copies.slice(0, 1)))

export function checkOrder(received: Map<string, Copy[]>, endpoint: Endpoint): string[] {
  const late = endpoints[endpoint].ordered ? disorderOf(received) : []
  const [first] = late
  if (first === undefined) return []
  const { late: number, after } = first
  return [
    `the ${endpoint} got ${late.length} events out of order: event ${number} after event ${after}`,
  ]
}

function checkEndpoint(world: World, endpoint: Endpoint): string[] {
  const received = world.receiver.received[endpoint]
  const { found, bodies } = expectedOf(world, endpoint)
  return [
    ...found,
    ...[...bodies.keys()]
      .filter((id) => !received.has(id))
      .map((id) => `event ${id} was lost: it never came to the ${endpoint}`),
    ...[...received.keys()]
      .filter((id) => !bodies.has(id))
      .map((id) => `event ${id} is a phantom: the ${endpoint} should not have it`),
    ...[...received]
      .filter(([id, copies]) => copies.some(({ body }) => body !== (bodies.get(id) ?? body)))
      .map(([id]) => `event ${id} came to the ${endpoint} with other bytes`),
    ...checkSequences(received, endpoint),
    ...checkOrder(received, endpoint),
  ]
}

export function checkArrivals(world: World) {
  const found = endpointNames.flatMap((endpoint) => checkEndpoint(world, endpoint))
  const lines = endpointNames.map((endpoint) => {
    const received = world.receiver.received[endpoint]
    const copies = [...received.values()].reduce((sum, { length }) => sum + length, 0)
    const asked = endpoints[endpoint].ordered ? '' : ' (not asked for order)'
    return `${endpoint}: received ${received.size}, duplicates ${copies - received.size}, disorder ${
      disorderOf(received).length
    }${asked}`
  })
  return { found, lines }
}
