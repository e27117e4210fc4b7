/**
 * What the audit log adds to a write: changes of flags committed as the ledger does it, with their entries
 * and with everything but those, by turns in one database; and the same changes over HTTP.
 */
import type { CommitAnswer, CommitQuestion } from './commit-worker.ts'
import { cpuMs, type Place, type Server } from './integrity-logs.ts'
import { type ListWorld, send } from './lists-world.ts'
import { figure, printTable, spread } from './report.ts'
import { median, ratio } from './statistics.ts'

const rounds = 15
/** In one round. */
const changes = 20

type Measured = { ms: number[]; cpu: number[] }

type Ground = { server: Server; world: ListWorld; place: Place }

async function timed({ server }: Ground, into: Measured, work: () => Promise<void>): Promise<void> {
  const before = await cpuMs(server)
  const started = performance.now()
  await work()
  into.ms.push((performance.now() - started) / changes)
  into.cpu.push(((await cpuMs(server)) - before) / changes)
}

async function commit({ world, place }: Ground, hasEntries: boolean): Promise<CommitAnswer> {
  const question: CommitQuestion = {
    ledger: `organisation:${world.organisation}`,
    environmentId: place.environment.id,
    stateIds: place.stateIds,
    changes,
    hasEntries,
  }
  const body = JSON.stringify(question)
  const response = await fetch(`${world.beside.commit}/`, { method: 'POST', body })
  if (!response.ok) throw new Error(await response.text())
  const answer = (await response.json()) as CommitAnswer
  if (answer.entries !== (hasEntries ? changes : 0)) throw new Error('that many entries are wrong')
  return answer
}

let turn = 0

async function putAll({ world, place }: Ground): Promise<void> {
  const base = `environments/${place.environment.api_key}/featurestates`
  for (let change = 0; change < changes; change++) {
    const body = { enabled: true, feature_state_value: `value ${++turn}` }
    const id = place.stateIds[change % place.stateIds.length]
    await send(world, { method: 'PUT', path: `${base}/${id}/`, body })
  }
}

export async function measureCommits(ground: Ground): Promise<void> {
  const whole: Measured = { ms: [], cpu: [] }
  await putAll(ground)
  for (let round = 0; round < rounds; round++) await timed(ground, whole, () => putAll(ground))
  const sides = [true, false].map((hasEntries) => ({
    hasEntries,
    measured: { ms: [], cpu: [] } as Measured,
    roundTrips: 0,
  }))
  for (const { hasEntries } of sides) await commit(ground, hasEntries)
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      await timed(ground, side.measured, async () => {
        side.roundTrips = (await commit(ground, side.hasEntries)).roundTrips
      })
    }
  }
  const rows = sides.map(({ hasEntries, measured, roundTrips }) => [
    `planned and committed ${hasEntries ? 'with' : 'without'} its entry`,
    ...[median(measured.ms), median(measured.cpu), roundTrips / changes].map(figure),
  ])
  const [having, lacking] = sides.map(({ measured }) => measured)
  if (having === undefined || lacking === undefined) return
  printTable('What the audit log adds to a change of a flag', [
    ['', 'ms', 'CPU ms', 'D1 round trips'],
    ...rows,
    [
      'with over without',
      spread(ratio(having.ms, lacking.ms)),
      spread(ratio(having.cpu, lacking.cpu)),
      '',
    ],
    ['the whole PUT over HTTP', figure(median(whole.ms)), figure(median(whole.cpu)), ''],
  ])
}
