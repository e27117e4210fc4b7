/**
 * One condition at a time: every operator with every value against everything an identity can have.
 * The SDK must decide as the engine does, or as a named rule says.
 */
import { expect, it } from 'vitest'
import type { Condition } from '../../src/engine/document.ts'
import { compile, evaluate, type Identity, type TraitValue } from '../../src/engine/index.ts'
import { conditionValues, documentOf, findingOf, operators, traitValues } from './parity-cases.ts'
import { divergenceOf, divergences } from './parity-rules.ts'
import { localSdk } from './parity-sdk.ts'

const properties = ['x', '', '$.identity.identifier', "$.identity.traits['x']", '$.nowhere']

const conditions: Condition[] = operators.flatMap((operator) =>
  properties.flatMap((property) =>
    conditionValues(operator).map((value) => ({ operator, property, value })),
  ),
)

/** A feature for each condition, which is on exactly where the condition holds. */
const document = documentOf(
  conditions.map((condition, index) => ({
    id: index + 1,
    rules: [{ type: 'ALL', conditions: [condition], rules: [] }],
    overrides: [{ featureId: index + 1, priority: 0, enabled: true }],
  })),
  conditions.map((_, index) => ({ id: index + 1 })),
)

/** Who has a value has it as the trait, and as the identifier where it can be one. */
const identityWith = (value: TraitValue | undefined): Identity => ({
  identifier: typeof value === 'string' && value !== '' ? value : 'someone',
  key: null,
  traits: new Map(value === undefined ? [] : [['x', value]]),
  overrides: new Map(),
})

it('flagsmith-nodejs decides every condition as the engine does, but for the named rules', async () => {
  const compiled = compile(document)
  const sdk = await localSdk(document)
  const differences = new Map(divergences.map(({ name }) => [name, 0]))
  const unexplained: string[] = []
  let decided = 0
  for (const value of traitValues) {
    const identity = identityWith(value)
    const engine = evaluate(compiled, identity)
    const decisions = await sdk.identityFlags(identity.identifier, identity.traits)
    for (const [index, condition] of conditions.entries()) {
      decided += 1
      const ours = engine[index]?.enabled === true
      const theirs = decisions[index]?.enabled === true
      const finding = findingOf(condition, { segmentId: index + 1, identity, document })
      const rule = divergenceOf(finding)
      if (theirs !== (rule?.sdk(finding) ?? ours)) {
        unexplained.push(JSON.stringify({ ...finding, ours, theirs, rule: rule?.name }))
      } else if (rule !== undefined && ours !== theirs) {
        differences.set(rule.name, (differences.get(rule.name) ?? 0) + 1)
      }
    }
  }
  await sdk.close()
  expect(unexplained).toEqual([])
  expect(decided).toBeGreaterThan(10_000)
  // A rule that explains nothing any more must go.
  expect([...differences].filter(([, count]) => count === 0)).toEqual([])
})
