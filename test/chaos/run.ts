/**
 * Kills the running server with SIGKILL at random moments under admin load, again and again, while calls of the
 * Worker and answers of the receiver fail, then lets the last one drain and checks what was promised.
 * `npm run test:chaos -- 50` (kills) `[--faults 2] [--seed 1]`; faults in percent.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort, startServer, temporaryFolder } from '../support/server.ts'
import { createRandom } from '../support/walk/random.ts'
import { check } from './check.ts'
import { createClock } from './clock.ts'
import { drain } from './drain.ts'
import { connect } from './load.ts'
import { startReceiver } from './receiver.ts'
import { bundleEntry, type ChaosServer, countFaults, prepareServers } from './server.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { faults: { type: 'string' }, seed: { type: 'string' } },
})
const kills = Number(positionals[0] ?? 50)
const faults = Number(values.faults ?? 2) / 100
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
if (
  !Number.isInteger(kills) ||
  kills < 1 ||
  !(faults >= 0 && faults < 1) ||
  !Number.isInteger(seed)
) {
  console.error(
    'Say how many kills, and if you like how many percent fail: npm run test:chaos -- 50 --faults 2',
  )
  process.exit(2)
}

/** Of changes at once, so that the queue is full and attempts are under way when the kill comes. */
const burstSize = 30

const random = createRandom(seed)
const clock = createClock()
const receiver = await startReceiver({ random: createRandom(seed + 1), faults, clock })
const persistTo = temporaryFolder()
const port = await freePort()
console.log(`seed ${seed}, ${faults * 100} % faults, data in ${persistTo}`)

// Without faults: the demo and the endpoints are given.
const first = await startServer({ persistTo, port })
const load = await connect(first.demo, receiver)
await first.stop()
const bundle = await bundleEntry(join(persistTo, 'bundle'))
const start = prepareServers({ persistTo, port, faults, bundle })

/** What a life begins with, and for how long at most it goes on after that. */
const deaths = [
  { after: 'a burst', mostMs: 150 },
  { after: 'a burst', mostMs: 150 },
  { after: 'the first answer', mostMs: 1_000 },
  { after: 'the first answer', mostMs: 1_000 },
  { after: 'the start', mostMs: 500 },
  // Nothing changes: what earlier lives have left is delivered.
  { after: 'a quiet start', mostMs: 1_500 },
] as const

type After = (typeof deaths)[number]['after']

async function die(server: ChaosServer, after: After, pause: number): Promise<void> {
  const answered = Promise.withResolvers<void>()
  const work = {
    'a burst': () => load.burst(burstSize),
    'the first answer': () => load.write(answered.resolve),
    'the start': () => load.write(answered.resolve),
    'a quiet start': () => Promise.resolve(),
  }
  const working = work[after]()
  if (after === 'a burst') await working
  // Writers end before an answer only where nobody answers.
  if (after === 'the first answer') await Promise.race([answered.promise, working])
  await sleep(pause)
  await server.kill()
  await working
}

/** For how long nobody serves: hardly at all, until leases are over, or until late attempts are due. */
function downtime(): number {
  if (random.chance(0.4)) return random.int(1_000)
  return random.chance(0.8) ? 30_000 + random.int(60_000) : random.int(40 * 60_000)
}

const secondsSince = (begun: number) => (Date.now() - begun) / 1_000

const begun = Date.now()
let starting = 0
for (let kill = 1; kill <= kills; kill++) {
  const startBegun = Date.now()
  const server = await start(seed + kill, clock.ahead())
  starting += secondsSince(startBegun)
  const before = { acknowledged: load.acknowledged.size, unknown: load.unknown.size }
  const sweeping = server.sweep()
  const { after, mostMs } = random.pick(deaths) ?? deaths[0]
  const pause = random.int(mostMs)
  await die(server, after, pause)
  await sweeping
  await receiver.deserted()
  const down = downtime()
  clock.advance(down)
  console.log(
    `kill ${kill}: ${pause} ms after ${after}, ${
      load.acknowledged.size - before.acknowledged
    } changes acknowledged, ${load.unknown.size - before.unknown} unknown, down for ${Math.round(down / 1_000)} s`,
  )
}
const seconds = secondsSince(begun)

const server = await start(seed, clock.ahead())
const drainBegun = Date.now()
const aheadBefore = clock.ahead()
const drained = await drain({ server, clock, load, receiver, persistTo })
const drainSeconds = secondsSince(drainBegun)
const served = await load.readFlags()
await server.kill()
receiver.stop()

const { found, lines } = await check({ persistTo, load, receiver, served, now: clock.now() })
if (!drained) found.push('not drained: what is left does not move, however much time passes')
const injected = countFaults(first.logFile)
const inOrder = (kinds: Map<string, number>) =>
  [...kinds]
    .toSorted()
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
const minutes = ((clock.ahead() - aheadBefore) / 60_000).toFixed(1)
console.log(
  [
    `kills ${kills}, ${(seconds / kills).toFixed(1)} s each, ${(starting / kills).toFixed(1)} s of it to start`,
    ...lines,
    `calls failed ${injected.faults} of ${injected.calls}: ${inOrder(injected.kinds)}`,
    `answers failed ${[...receiver.counts.faults.values()].reduce((sum, count) => sum + count, 0)} of ${
      receiver.counts.requests
    }: ${inOrder(receiver.counts.faults)}`,
    `drained ${drainSeconds.toFixed(1)} s after the last start, of the schedule's waits ${minutes} min skipped`,
  ].join('\n'),
)
for (const text of found) console.error(text)
console.log(found.length === 0 ? 'every invariant holds' : `${found.length} invariants broken`)
process.exit(found.length === 0 ? 0 : 1)
