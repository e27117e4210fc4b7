/**
 * Kills the running server with SIGKILL at random moments under admin load, again and again, then
 * lets the last one drain and checks what was promised. `npm run test:chaos -- 50` (kills).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startServer, temporaryFolder } from '../support/server.ts'
import { check } from './check.ts'
import { connect, type Load } from './load.ts'
import { startReceiver } from './receiver.ts'

const kills = Number(process.argv[2] ?? 50)
if (!Number.isInteger(kills) || kills < 1) {
  console.error('Say how many kills, a whole number from 1: npm run test:chaos -- 50')
  process.exit(2)
}

const drainMs = 180_000

const receiver = await startReceiver()
const persistTo = temporaryFolder()
const port = await freePort()
const start = () => startServer({ persistTo, port })

async function drain(load: Load, url: string): Promise<boolean> {
  const until = Date.now() + drainMs
  while (Date.now() < until) {
    // Nobody waits for the minute here: the same sweep that cron runs.
    await fetch(`${url}/cdn-cgi/local/scheduled`)
    if (receiver.missing(load.acknowledged) === 0 && (await load.settled())) return true
    await sleep(2_000)
  }
  return false
}

let load: Load | null = null
for (let kill = 1; kill <= kills; kill++) {
  const server = await start()
  load ??= await connect(server.demo, receiver.url)
  const pause = 50 + Math.random() * 1_500
  const writing = load.write()
  await sleep(pause)
  await server.kill()
  const { applied, unknown } = await writing
  console.log(
    `kill ${kill}: after ${Math.round(pause)} ms, ${applied} changes acknowledged, ${unknown} unknown`,
  )
}

const server = await start()
if (load === null) throw new Error('nothing was written')
const drained = await drain(load, server.url)
const served = await load.readFlags()
await server.stop()

const { found, counts } = await check({ persistTo, load, receiver, served })
receiver.stop()
if (!drained) found.push(`not drained after ${drainMs / 1_000} s`)
console.log(
  [
    `kills ${kills}`,
    `acknowledged ${load.acknowledged.size}`,
    `unknown ${load.unknown.size}`,
    ...Object.entries(counts).map(([name, count]) => `${name} ${count}`),
  ].join(', '),
)
for (const text of found) console.error(text)
console.log(found.length === 0 ? 'every invariant holds' : `${found.length} invariants broken`)
process.exit(found.length === 0 ? 0 : 1)
