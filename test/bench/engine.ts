/**
 * All flags of one identity: Burgee's engine against the one inside `flagsmith-nodejs` and against
 * `@openfeature/flagd-core`, in one process on one generated world.
 */

import { mustAgree } from './engine/agree.ts'
import { burgee } from './engine/burgee.ts'
import { flagd } from './engine/flagd.ts'
import { flagsmithClient, flagsmithEngine } from './engine/flagsmith.ts'
import { time } from './engine/timing.ts'
import { generate, type Size } from './engine/world.ts'
import { figure, printTable, spread } from './report.ts'
import { median, ratio } from './statistics.ts'

const engines = [burgee, flagsmithEngine, flagsmithClient, flagd]
const rivals = engines.slice(1)

const usual: Size = { features: 100, segments: 20, identityOverrides: 0, splits: 20 }

type Curve = { title: string; axis: keyof Size; sizes: number[] }
const curves: Curve[] = [
  { title: '20 segments, by features', axis: 'features', sizes: [10, 100, 1_000, 10_000] },
  { title: '100 features, by segments', axis: 'segments', sizes: [1, 10, 100, 1_000] },
  {
    title: '100 features, 20 segments, by percent of features with variants',
    axis: 'splits',
    sizes: [0, 20, 100],
  },
  {
    title: '100 features, 20 segments, by identity overrides in the environment',
    axis: 'identityOverrides',
    sizes: [10, 100, 1_000, 10_000, 100_000],
  },
]

/** What the verdict rests on is measured longer than a point of a curve. */
const verdictRounds = 31

/** Microseconds per call, one list for each engine, one value for each round. */
async function measure(size: Size, rounds?: number): Promise<number[][]> {
  const world = generate(size)
  const contenders = engines.map(({ prepare }) => prepare(world))
  // The client takes a good part of a second for each call then.
  const compared = size.identityOverrides > 1_000 ? 4 : world.people.length
  await mustAgree(world, contenders, compared)
  return time(contenders, world.people.length, rounds)
}

async function printCurve({ title, axis, sizes }: Curve): Promise<void> {
  const names = engines.map(({ name }) => `${name}, µs`)
  const rows = [[axis, ...names, ...rivals.map(({ name }) => `${name} / Burgee`)]]
  for (const size of sizes) {
    const results = await measure({ ...usual, [axis]: size })
    const [own = [], ...others] = results
    rows.push([
      size.toLocaleString('en-US'),
      ...results.map((one) => figure(median(one))),
      ...others.map((one) => figure(ratio(one, own).median)),
    ])
  }
  printTable(`All flags of one identity; ${title}`, rows)
}

export async function benchEngine(): Promise<void> {
  const [own = [], ...others] = await measure(usual, verdictRounds)
  const rows = rivals.map(({ name }, place) => {
    const other = others[place] ?? []
    return [name, figure(median(other)), figure(median(own)), spread(ratio(other, own))]
  })
  printTable('All flags of one identity; 100 features, 20 segments', [
    ['', 'µs', 'Burgee, µs', 'ratio (min..max)'],
    ...rows,
  ])
  const [engine = [], , core = []] = others
  const reached = ratio(engine, own).median >= 20 && ratio(core, own).median > 1
  console.log(`
  Answers compared first, for 32 identities: value, enabled and reason of every flag with flagsmith;
  with flagd-core every value but those a percentage may decide, because it hashes differently.
  To reach: 20 times flagsmith's engine and faster than flagd-core: ${reached ? 'reached' : 'NOT reached'}.`)
  for (const curve of curves) await printCurve(curve)
}
