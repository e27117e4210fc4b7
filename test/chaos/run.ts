/**
 * Kills the running server with SIGKILL at random moments under admin load, again and again, while calls of the
 * Worker and answers of the receiver fail, then lets the last one drain and checks what was promised.
 * `npm run test:chaos -- 50` (kills) `[--faults 2] [--seed 1]`; faults in percent.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort, startServer, temporaryFolder } from '../support/server.ts'
import { createRandom } from '../support/walk/random.ts'
import { check, countOwed } from './check.ts'
import { connect } from './load.ts'
import { startReceiver } from './receiver.ts'
import { bundleEntry, type ChaosServer, countFaults, startChaosServer } from './server.ts'

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

/** Longer than the wait after a second failed attempt: when nothing moves for so long, nothing will. */
const stillMs = 8 * 60_000
/** Of changes at once, so that the queue is full and attempts are under way when the kill comes. */
const burstSize = 30

const random = createRandom(seed)
const receiver = await startReceiver(createRandom(seed + 1), faults)
const persistTo = temporaryFolder()
const port = await freePort()
const entry = await bundleEntry(temporaryFolder())
const site = { persistTo, port, faults, entry }
console.log(`seed ${seed}, ${faults * 100} % faults, data in ${persistTo}`)

// Without faults: the demo and the endpoints are given.
const first = await startServer({ persistTo, port })
const load = await connect(first.demo, receiver)
await first.stop()

async function drain(server: ChaosServer): Promise<boolean> {
  let before = -1
  for (let since = Date.now(); Date.now() - since < stillMs; await sleep(1_000)) {
    // Nobody waits for the minute here: the same sweep that cron runs.
    await server.sweep()
    const owed = await countOwed(persistTo)
    if (owed === 0 && (await load.settled())) return true
    if (owed !== before) since = Date.now()
    before = owed
  }
  return false
}

async function burstAndDie(server: ChaosServer, pause: number): Promise<void> {
  await load.burst(burstSize)
  await sleep(pause)
  await server.kill()
}

async function writeAndDie(server: ChaosServer, pause: number): Promise<void> {
  const writing = load.write()
  await sleep(pause)
  await server.kill()
  await writing
}

const begun = Date.now()
for (let kill = 1; kill <= kills; kill++) {
  const server = await startChaosServer(site, seed + kill)
  const before = { acknowledged: load.acknowledged.size, unknown: load.unknown.size }
  const sweeping = server.sweep()
  const isBurst = random.chance(0.4)
  const pause = random.int(isBurst ? 150 : 1_000)
  await (isBurst ? burstAndDie : writeAndDie)(server, pause)
  await sweeping
  console.log(
    `kill ${kill}: ${pause} ms after ${isBurst ? 'a burst' : 'the start'}, ${
      load.acknowledged.size - before.acknowledged
    } changes acknowledged, ${load.unknown.size - before.unknown} unknown`,
  )
}
const seconds = (Date.now() - begun) / 1_000

const drainBegun = Date.now()
const server = await startChaosServer(site, seed)
const drained = await drain(server)
const served = await load.readFlags()
await server.kill()
receiver.stop()

const { found, counts } = await check({ persistTo, load, receiver, served })
if (!drained) found.push(`not drained: nothing moved for ${stillMs / 1_000} s`)
const injected = countFaults(first.logFile)
console.log(
  [
    `kills ${kills} (${(seconds / kills).toFixed(1)} s each)`,
    `drained in ${Math.round((Date.now() - drainBegun) / 1_000)} s`,
    `acknowledged ${load.acknowledged.size}`,
    `unknown ${load.unknown.size}`,
    ...Object.entries(counts).map(([name, count]) => `${name} ${count}`),
    `calls failed ${injected.faults} of ${injected.calls}`,
    `requests failed ${receiver.counts.faults} of ${receiver.counts.requests}`,
  ].join(', '),
)
for (const text of found) console.error(text)
console.log(found.length === 0 ? 'every invariant holds' : `${found.length} invariants broken`)
process.exit(found.length === 0 ? 0 : 1)
