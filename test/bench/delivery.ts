/**
 * Webhooks from the commit to the receiver's socket: the time to the first attempt, a backlog to one
 * healthy receiver, what endpoints cost an admin write, and what those that hang do to the others, side by
 * side in one run.
 * `BENCH_LARGE=1` takes a thousand endpoints and a backlog of a hundred thousand.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from './child.ts'
import { pinning } from './cores.ts'
import { type ListWorld, startWorld } from './lists-world.ts'
import { figure, printTable } from './report.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { quantile } from './statistics.ts'

const large = process.env.BENCH_LARGE !== undefined
const endpoints = large ? 1_000 : 200
const backlog = large ? 100_000 : 2_000
const changes = 200
const rounds = large ? 10 : 20
const writes = 20
/** One in so many hangs. */
const hangingShare = 10

/** Answers at once, or never; tells whoever waits what came when. */
async function startReceiver() {
  const arrived: { path: string; at: number }[] = []
  let hangs = (_path: string) => false
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const path = request.url ?? ''
      arrived.push({ path, at: performance.now() })
      if (!hangs(path)) response.end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    arrived,
    hang(which: (path: string) => boolean) {
      hangs = which
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Receiver = Awaited<ReturnType<typeof startReceiver>>
type Shop = { world: ListWorld; key: string; environment: number; state: number }

async function call<T>(world: ListWorld, path: string, init: RequestInit = {}): Promise<T> {
  const headers = { ...world.headers, 'Content-Type': 'application/json' }
  const response = await fetch(`${world.origin}/${path}`, { ...init, headers })
  if (!response.ok) throw new Error(`${path} answered ${await response.text()}`)
  return (await response.json()) as T
}

const post = <T>(world: ListWorld, path: string, body: object) =>
  call<T>(world, path, { method: 'POST', body: JSON.stringify(body) })

async function createShop(world: ListWorld): Promise<Shop> {
  const { organisation } = world
  const { id: project } = await post<{ id: number }>(world, 'projects/', {
    name: 'Told',
    organisation,
  })
  type Made = { id: number; api_key: string }
  const made = await post<Made>(world, 'environments/', { name: 'Live', project })
  await post(world, `projects/${project}/features/`, { name: 'flag' })
  const states = `environments/${made.api_key}/featurestates/`
  const { results } = await call<{ results: { id: number }[] }>(world, states)
  // The ledger hears of those that stand in the database only because of this one.
  const silent = { url: 'http://127.0.0.1:9/', enabled: false }
  await post(world, `environments/${made.api_key}/webhooks/`, silent)
  return { world, key: made.api_key, environment: made.id, state: results[0]?.id ?? 0 }
}

let values = 0
const change = ({ world, key, state }: Shop) =>
  call(world, `environments/${key}/featurestates/${state}/`, {
    method: 'PUT',
    body: JSON.stringify({ feature_state_value: `value ${++values}` }),
  })

async function until(isSo: () => boolean, minutes = 5): Promise<void> {
  const end = Date.now() + minutes * 60_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('what was to be delivered did not arrive')
    await sleep(2)
  }
}

/** The silent one stays: a ledger that begins anew asks the database who listens. */
const forgetEndpoints = 'DELETE FROM webhooks WHERE id > 1'

/** Endpoints with ids of their own, whose URLs end in them. */
const addEndpoints = (
  { world, environment }: Shop,
  base: string,
  ids: [from: number, to: number],
) =>
  world.execute([
    `WITH RECURSIVE ids (id) AS (SELECT ${ids[0]} UNION ALL SELECT id + 1 FROM ids WHERE id < ${ids[1]})
     INSERT INTO webhooks (id, organisation_id, environment_id, url, created_at, updated_at)
     SELECT id, ${world.organisation}, ${environment}, '${base}/' || id, 1, 1 FROM ids`,
  ])

/** From before the request that changes the flag, so the commit is counted in. */
async function measureFirst(shop: Shop, { url, arrived }: Receiver): Promise<string[]> {
  await addEndpoints(shop, url, [2, 2])
  const times: number[] = []
  for (let round = 0; round < changes; round++) {
    const [count, started] = [arrived.length, performance.now()]
    await change(shop)
    await until(() => arrived.length > count)
    times.push((arrived[count]?.at ?? Number.NaN) - started)
  }
  return [0.5, 0.99].map((share) => figure(quantile(times, share)))
}

/** What an administrator waits for a change of a flag that so many endpoints hear of. */
async function measureWrites(shop: Shop, { url, arrived }: Receiver): Promise<string[][]> {
  const rows: string[][] = []
  for (const count of [0, 10, 1_000]) {
    await shop.world.execute([forgetEndpoints])
    if (count > 0) await addEndpoints(shop, url, [10, count + 9])
    const times: number[] = []
    for (let round = 0; round < writes; round++) {
      const [before, started] = [arrived.length, performance.now()]
      await change(shop)
      times.push(performance.now() - started)
      await until(() => arrived.length >= before + count)
    }
    rows.push([String(count), ...[0.5, 0.95].map((share) => figure(quantile(times, share)))])
  }
  return rows
}

type Server = Child<ServerQuestion, ServerAnswer>
type Bench = { shop: Shop; server: Server }

async function cpuMs(server: Server): Promise<number> {
  const answer = await server.ask({ kind: 'cpu' })
  return answer !== null && 'cpuMs' in answer ? (answer.cpuMs ?? Number.NaN) : Number.NaN
}

/** What waits since yesterday goes when its endpoint is switched on again. */
async function measureBacklog(
  { shop, server }: Bench,
  { arrived }: Receiver,
  isOrdered: boolean,
): Promise<string[]> {
  const { world, environment } = shop
  const name = isOrdered ? 'o' : 'u'
  const ids = `WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < ${backlog})`
  await world.execute([
    `UPDATE webhooks SET ordered = ${isOrdered ? 1 : 0}`,
    `${ids} INSERT INTO events
       (id, type, organisation_id, environment_id, action, change_id, created_at)
     SELECT 'evt_${name}' || id, 'FLAG_UPDATED', ${world.organisation}, ${environment},
       'feature-state.updated', 'c', ${Date.now()} FROM ids`,
    `${ids} INSERT INTO event_bodies
     SELECT 'evt_${name}' || id, 'flagsmith', '{"data": {}, "event_type": "FLAG_UPDATED"}' FROM ids`,
    `${ids} INSERT INTO deliveries
       (id, event_id, webhook_id, environment_id, sequence, state, next_attempt_at, created_at)
     SELECT 'dlv_${name}' || id, 'evt_${name}' || id, 2, ${environment}, last + id, 'waiting', id, 1
     FROM ids, (SELECT max(sequence) AS last FROM deliveries)`,
  ])
  const [count, before] = [arrived.length, await cpuMs(server)]
  for (const enabled of [false, true]) {
    const body = JSON.stringify({ enabled })
    await call(world, `environments/${shop.key}/webhooks/2/`, { method: 'PATCH', body })
  }
  await until(() => arrived.length >= count + backlog, 60)
  const [first, last] = [arrived[count], arrived[count + backlog - 1]]
  const perSecond = (backlog / ((last?.at ?? 0) - (first?.at ?? 0))) * 1_000
  return [perSecond, ((await cpuMs(server)) - before) / backlog].map(figure)
}

/** One change after the other; each is over when every healthy endpoint has it. */
async function measureAll(shop: Shop, { arrived }: Receiver, isHealthy: (path: string) => boolean) {
  const times: number[] = []
  const healthy = Array.from({ length: endpoints }, (_, i) => `/${i + 10}`).filter(isHealthy)
  for (let round = 0; round < rounds; round++) {
    const [count, started] = [arrived.length, performance.now()]
    await change(shop)
    const had = () => new Set(arrived.slice(count).map(({ path }) => path))
    await until(
      () => arrived.length >= count + healthy.length && healthy.every((p) => had().has(p)),
    )
    const seen = new Set<string>()
    for (const { path, at } of arrived.slice(count)) {
      if (isHealthy(path) && !seen.has(path)) times.push(at - started)
      seen.add(path)
    }
  }
  return times
}

export async function benchDelivery(): Promise<void> {
  const server: Server = startChild('server', 'server.ts')
  const receiver = await startReceiver()
  try {
    const shop = await createShop(await startWorld(server, { delivers: true }))
    const [p50 = '', p99 = ''] = await measureFirst(shop, receiver)
    const backlogs = new Map<string, string[]>()
    for (const isOrdered of [true, false]) {
      const name = `backlog of ${backlog}, one endpoint, ${isOrdered ? 'in order' : 'in no order'}`
      backlogs.set(name, await measureBacklog({ shop, server }, receiver, isOrdered))
    }
    printTable('From the commit to the receiver', [
      ['', 'p50 ms', 'p99 ms', 'events/s', 'CPU ms each'],
      [`first attempt, ${changes} changes`, p50, p99, '', ''],
      ...[...backlogs].map(([name, figures]) => [name, '', '', ...figures]),
    ])
    printTable('An admin write, by endpoints that hear of it', [
      ['endpoints', 'p50 ms', 'p95 ms'],
      ...(await measureWrites(shop, receiver)),
    ])
    await shop.world.execute([forgetEndpoints])
    await addEndpoints(shop, receiver.url, [10, endpoints + 9])
    const isHealthy = (path: string) => Number(path.slice(1)) % hangingShare !== 0
    await measureAll(shop, receiver, isHealthy)
    const before = await measureAll(shop, receiver, isHealthy)
    receiver.hang((path) => !isHealthy(path))
    const during = await measureAll(shop, receiver, isHealthy)
    const row = (name: string, times: number[]) => [
      name,
      ...[0.5, 0.99, 1].map((share) => figure(quantile(times, share))),
    ]
    printTable(`${endpoints} endpoints: what the healthy ones wait for a change`, [
      ['', 'p50 ms', 'p99 ms', 'longest ms'],
      row('all answer', before),
      row(`one in ${hangingShare} hangs`, during),
    ])
    const ratio = quantile(during, 0.99) / quantile(before, 0.99)
    console.log(`
  One workerd, ${pinning}. ${rounds} changes each; the time counts from the request that changes the flag.
  The p99 beside endpoints that hang is ${figure(ratio)} times the p99 without, to stay below 1.1: ${ratio < 1.1 ? 'reached' : 'NOT reached'}.`)
  } finally {
    receiver.stop()
    await server.stop()
  }
}
