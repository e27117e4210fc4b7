/**
 * Whole environments from seeds, decided by the engine and by flagsmith-nodejs evaluating locally
 * from the environment document. With the named rules put into the engine's document, nothing may
 * differ: so every difference without them is theirs.
 */
import { expect, it } from 'vitest'
import type { IdentityOverride } from '../../src/document/document-view.ts'
import type { Condition, Document, FeatureState, Rule } from '../../src/engine/document.ts'
import { compile, evaluate, type Flag, type Identity } from '../../src/engine/index.ts'
import { findingOf } from './parity-cases.ts'
import { type Environment, environmentFrom } from './parity-environments.ts'
import { divergenceOf } from './parity-rules.ts'
import { type Decision, type LocalSdk, localSdk } from './parity-sdk.ts'

type Case = Environment['identities'][number]

const identityOf = ({ identifier, traits, states }: Case): Identity => ({
  identifier,
  key: null,
  traits,
  overrides: states,
})

const overridesOf = ({ identities }: Environment): IdentityOverride[] =>
  identities.flatMap(({ identifier, states }, index) =>
    [...states].map(([featureId, state]) => {
      return { identityId: index + 1, identifier, createdAt: 0, featureId, state }
    }),
  )

/** Why an identity is another to the SDK than to the engine. */
const identityRules = {
  comma: 'an identifier with a comma is two identifiers (contract §5.8)',
  falsy:
    'an identity with overrides loses traits that JavaScript takes for none (SDK, updateTraits)',
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** An override without its ids. */
const worth = ([featureId, { enabled, value, variants }]: [number, FeatureState]) => [
  featureId,
  enabled,
  value,
  variants,
]

/**
 * The SDK puts those with the same overrides into a group and asks for members of their identifiers
 * joined by commas: so the parts of an identifier match, and the whole does not.
 */
function statesInSdk({ identifier }: Case, { identities }: Environment): Map<number, FeatureState> {
  const groups = Map.groupBy(identities, ({ states }) => JSON.stringify([...states].map(worth)))
  const found = new Map<number, FeatureState>()
  for (const group of groups.values()) {
    const members = group.map((each) => each.identifier).join(',')
    if (!members.split(',').includes(identifier)) continue
    for (const [featureId, state] of group[0]?.states ?? []) {
      if (!found.has(featureId)) found.set(featureId, state)
    }
  }
  return found
}

function asSdkSees(of: Case, environment: Environment, applied: Set<string>): Identity {
  const identity = identityOf(of)
  const traits = new Map([...of.traits].filter(([, value]) => Boolean(value)))
  const losesTraits = of.states.size > 0 && traits.size < of.traits.size
  const overrides = statesInSdk(of, environment)
  if (!isSame([...overrides].map(worth), [...of.states].map(worth))) {
    applied.add(identityRules.comma)
  }
  if (losesTraits) applied.add(identityRules.falsy)
  return { ...identity, overrides, traits: losesTraits ? traits : identity.traits }
}

/** Conditions that hold always or never, whatever the identity. */
const constant = (holds: boolean): Condition => ({
  operator: holds ? 'IS_NOT_SET' : 'IS_SET',
  property: '$.nowhere',
  value: null,
})

/** The document in which every condition that the SDK decides its own way is decided that way. */
function documentAsSdkSees(document: Document, identity: Identity, applied: Set<string>): Document {
  const conditionIn = (segmentId: number) => (condition: Condition) => {
    const finding = findingOf(condition, { segmentId, identity, document })
    const rule = divergenceOf(finding)
    if (rule === undefined) return condition
    applied.add(rule.name)
    return constant(rule.sdk(finding))
  }
  const ruleIn =
    (segmentId: number) =>
    (rule: Rule): Rule => ({
      ...rule,
      conditions: rule.conditions.map(conditionIn(segmentId)),
      rules: rule.rules.map(ruleIn(segmentId)),
    })
  const segments = document.segments.map((segment) => ({
    ...segment,
    rules: segment.rules.map(ruleIn(segment.id)),
  }))
  return { ...document, segments }
}

const decisionsOf = (flags: readonly Flag[]): Decision[] =>
  flags.map(({ enabled, value }) => ({ enabled, value }))

/** Flags by the way they were decided, and rules by the differing cases they had a say in. */
type Tally = {
  cases: number
  made: Map<string, number>
  differ: Map<string, number>
  unexplained: string[]
}

const count = (counts: Map<string, number>, name: string) =>
  counts.set(name, (counts.get(name) ?? 0) + 1)

async function compareCase(sdk: LocalSdk, of: Case, environment: Environment, tally: Tally) {
  tally.cases += 1
  const theirs = await sdk.identityFlags(of.identifier, of.traits)
  const flags = evaluate(compile(environment.document), identityOf(of))
  for (const { origin, reason } of flags) {
    count(tally.made, reason.startsWith('SPLIT') ? `${origin} split` : origin)
  }
  const applied = new Set<string>()
  const identity = asSdkSees(of, environment, applied)
  const document = documentAsSdkSees(environment.document, identity, applied)
  const expected = decisionsOf(evaluate(compile(document), identity))
  if (!isSame(expected, theirs)) {
    tally.unexplained.push(JSON.stringify({ identity: of.identifier, expected, theirs }))
  } else if (!isSame(decisionsOf(flags), theirs)) {
    for (const name of applied) count(tally.differ, name)
  }
}

const environments = 400

it('flagsmith-nodejs decides as the engine does from the environment document', async () => {
  const tally: Tally = { cases: 0, made: new Map(), differ: new Map(), unexplained: [] }
  for (let seed = 1; seed <= environments; seed++) {
    const environment = environmentFrom(seed)
    const sdk = await localSdk(environment.document, overridesOf(environment))
    const { defaults } = compile(environment.document)
    expect(await sdk.environmentFlags()).toEqual(decisionsOf(defaults))
    for (const identity of environment.identities) {
      await compareCase(sdk, identity, environment, tally)
    }
    await sdk.close()
  }
  expect(tally.unexplained.slice(0, 5)).toEqual([])
  expect(tally.cases).toBe(4_000)
  // Every way of deciding is asked often enough, and every rule of identities is still needed.
  const ways = ['default', 'segment', 'identity'].flatMap((way) => [way, `${way} split`])
  expect(ways.filter((way) => (tally.made.get(way) ?? 0) < 200)).toEqual([])
  expect(Object.values(identityRules).filter((name) => !tally.differ.has(name))).toEqual([])
}, 60_000)
