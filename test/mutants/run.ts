/**
 * The test of the tests: puts each named defect into a copy of the tree and requires that the test named
 * with it fails. `npm run test:mutants [-- text …]`: those whose names hold one of the texts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quitSignal } from '../../src/tools/quit.ts'
import { deliveryMutants } from './delivery.ts'
import { ledgerMutants } from './ledger.ts'
import { type Mutant, misfitOf, mutate } from './mutant.ts'
import { copyTree, removeTree, root } from './tree.ts'
import { runTests, type Verdict } from './verdict.ts'

const mutants = [...deliveryMutants, ...ledgerMutants]

const wanted = process.argv.slice(2).map((text) => text.toLowerCase())
const chosen = mutants.filter(
  ({ name }) => wanted.length === 0 || wanted.some((text) => name.toLowerCase().includes(text)),
)

function refuse(lines: string[]): never {
  for (const line of lines) console.error(line)
  process.exit(2)
}

if (chosen.length === 0) {
  refuse(['No mutant of that name. There are:', ...mutants.map(({ name }) => name)])
}
const misfits = chosen.flatMap(
  (mutant) => misfitOf(mutant, readFileSync(join(root, mutant.file), 'utf8')) ?? [],
)
if (misfits.length > 0) refuse(misfits)

const quit = quitSignal()
const copy = copyTree()

async function tryMutant(mutant: Mutant): Promise<Verdict> {
  const path = join(copy, mutant.file)
  const original = readFileSync(path, 'utf8')
  writeFileSync(path, mutate(mutant, original))
  try {
    return await runTests(copy, [mutant.test], quit)
  } finally {
    writeFileSync(path, original)
  }
}

const isKilled = ({ by }: Mutant, verdict: Verdict) =>
  verdict.kind === 'failed' && verdict.test.includes(by)

/** A mutant that only breaks the run counts as alive: it proves nothing. */
function tell(mutant: Mutant, verdict: Verdict): string {
  const { name, by } = mutant
  if (verdict.kind === 'passed') return `${name} → SURVIVED`
  const [reason] = verdict.reason.split('\n')
  if (verdict.kind === 'broke') return `${name} → NOT KILLED, only broken: ${reason}`
  const first = `${verdict.test} (${reason})`
  if (isKilled(mutant, verdict)) return `${name} → killed by ${first}`
  return `${name} → NOT KILLED by "${by}"; the first to fail is ${first}`
}

async function run(): Promise<number> {
  const tests = [...new Set(chosen.map(({ test }) => test))]
  console.log(`${chosen.length} mutants; first their ${tests.length} test files without any …`)
  const sound = await runTests(copy, tests, quit)
  if (quit.aborted) return 130
  if (sound.kind !== 'passed') {
    const why = sound.kind === 'failed' ? sound.test : sound.reason
    console.error(`The tests fail without a mutant: ${why}`)
    return 2
  }
  const lines: string[] = []
  let killed = 0
  for (const mutant of chosen) {
    const verdict = await tryMutant(mutant)
    if (quit.aborted) return 130
    const isDead = isKilled(mutant, verdict)
    if (isDead) killed++
    lines.push(tell(mutant, verdict))
    console.log(`${lines.length}/${chosen.length} ${isDead ? '✓' : '✗'} ${mutant.name}`)
  }
  const survived = chosen.length - killed
  console.log(['', ...lines, `${killed} killed, ${survived} survived`].join('\n'))
  return survived === 0 ? 0 : 1
}

try {
  process.exitCode = await run()
} finally {
  removeTree(copy)
}
