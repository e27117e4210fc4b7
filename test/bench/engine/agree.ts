/** Compares what the engines answer before anything is timed; a difference ends the benchmark. */
import type { Rule } from '../../../src/engine/document.ts'
import type { Answer, Contender } from './contender.ts'
import type { World } from './world.ts'

type Answers = Map<string, Answer>

const asksForShare = ({ conditions, rules }: Rule): boolean =>
  conditions.some(({ operator }) => operator === 'PERCENTAGE_SPLIT') || rules.some(asksForShare)

/**
 * Features that a percentage may decide, with every value they can take: engines hash differently,
 * so one that gives no reason may answer any of these.
 */
function hashedFeatures({ document }: World): Map<string, Set<unknown>> {
  const hashed = new Map<string, Set<unknown>>()
  for (const { id, name, state } of document.features) {
    const segments = document.segments.filter(({ overrides }) =>
      overrides.some(({ featureId }) => featureId === id),
    )
    const isHashed =
      state.variants.length > 0 || segments.some(({ rules }) => rules.some(asksForShare))
    if (!isHashed) continue
    const states = segments.flatMap(({ overrides }) =>
      overrides.filter(({ featureId }) => featureId === id).map((override) => override.state),
    )
    const values = [...state.variants, ...states].map(({ value }) => value)
    hashed.set(name, new Set([state.value, ...values]))
  }
  return hashed
}

const same = (ours: Answer, theirs: Answer): boolean =>
  ours.value === theirs.value &&
  (theirs.enabled === undefined || ours.enabled === theirs.enabled) &&
  (theirs.reason === undefined || ours.reason === theirs.reason)

function difference(ours: Answers, theirs: Answers, hashed: Map<string, Set<unknown>>) {
  if (ours.size !== theirs.size) return `${ours.size} flags here, ${theirs.size} there`
  for (const [name, answer] of ours) {
    const other = theirs.get(name)
    if (other === undefined) return `${name} is missing there`
    const mayDiffer = other.reason === undefined && hashed.get(name)?.has(other.value)
    const agrees = same(answer, other) || mayDiffer
    if (!agrees) return `${name}: ${JSON.stringify(answer)} here, ${JSON.stringify(other)} there`
  }
  return undefined
}

/** Throws at the first difference between the first contender and any other. */
export async function mustAgree(world: World, contenders: Contender[], people: number) {
  const hashed = hashedFeatures(world)
  const [first, ...others] = contenders
  if (first === undefined) return
  for (let person = 0; person < people; person++) {
    const ours = await first.answers(person)
    for (const [place, other] of others.entries()) {
      const found = difference(ours, await other.answers(person), hashed)
      if (found !== undefined) throw new Error(`contender ${place + 1}, person ${person}: ${found}`)
    }
  }
}
