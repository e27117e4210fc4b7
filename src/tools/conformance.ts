/**
 * Runs the engine over a directory of cases in the public engine-test-data format:
 * `node src/tools/conformance.ts DIR`. Prints a line for each failure, then the totals; ends non-zero
 * when a case failed or none was found. It holds no cases and knows none.
 *
 * How a case's evaluation context becomes a document and an identity:
 *
 * | context                        | engine                                                          |
 * |--------------------------------|-----------------------------------------------------------------|
 * | environment.key, .name         | environment.apiKey, .name                                       |
 * | features.*                     | features, numbered from 1 in file order                         |
 * | feature .key                   | state.hashKey                                                   |
 * | variants[].priority            | variant.id, the ordering key of bucketing                       |
 * | segments.*                     | segments, in file order; .key becomes hashKey                   |
 * | overrides[]                    | overrides of the feature of that name; no such feature is id 0  |
 * | override .priority, or absent  | priority, or infinity: weaker than any number                   |
 * | condition .value, a list       | the same list as JSON text, which IN reads                      |
 * | identity.key absent or empty   | null: the engine builds the composite key                       |
 * | a trait written `5.0`          | the text '5.0', since JavaScript would make it the integer 5    |
 *
 * Metadata is no concern of the engine: it is looked up by the state or segment that won.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Condition, FeatureState, FlagValue, Rule, Segment } from '../engine/document.ts'
import {
  compile,
  type Evaluable,
  evaluate,
  type Identity,
  matchingSegments,
  type TraitValue,
} from '../engine/index.ts'

/** A number that JavaScript would print otherwise than the file wrote it. */
type Literal = { literal: string; value: number }
type Tree = null | boolean | number | string | Literal | Tree[] | Fields
type Fields = Map<string, Tree>

const STRING = '"(?:[^"\\\\]|\\\\.)*"'
const COMMENT = new RegExp(`(${STRING})|//[^\\n]*|/\\*[^]*?\\*/`, 'g')
const KEY_OR_TRAILING_COMMA = new RegExp(`(${STRING})(\\s*:)?|,(?=\\s*[}\\]])`, 'g')

/**
 * Keys are prefixed while the platform's parser sees them: segments are ordered as the file orders
 * them, and an object would sort keys that look like numbers, and mistake `__proto__`.
 */
function parseCase(text: string): Tree {
  const bare = text.replace(COMMENT, (_, string?: string) => string ?? ' ')
  const prefixed = bare.replace(KEY_OR_TRAILING_COMMA, (_, string?: string, colon?: string) =>
    string === undefined ? '' : colon === undefined ? string : `"_${string.slice(1)}:`,
  )
  return JSON.parse(prefixed, revive) as Tree
}

function revive(_key: string, value: unknown, context?: { source?: string }): Tree {
  if (typeof value === 'number') {
    const literal = context?.source ?? `${value}`
    return literal === `${value}` ? value : { literal, value }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value as Tree
  return new Map(Object.entries(value).map(([key, item]) => [key.slice(1), item as Tree]))
}

function plain(tree: Tree | undefined): unknown {
  if (tree instanceof Map) return new Map([...tree].map(([key, item]) => [key, plain(item)]))
  if (Array.isArray(tree)) return tree.map(plain)
  return typeof tree === 'object' && tree !== null ? tree.value : tree
}

function fieldsOf(tree: Tree | undefined): Fields {
  return tree instanceof Map ? tree : new Map()
}

function listOf(tree: Tree | undefined): Fields[] {
  return Array.isArray(tree) ? tree.map(fieldsOf) : []
}

function valuesOf(tree: Tree | undefined): Fields[] {
  return [...fieldsOf(tree).values()].map(fieldsOf)
}

function textOf(tree: Tree | undefined): string {
  const value = plain(tree)
  return value === null || value === undefined ? '' : `${value}`
}

function numberOf(tree: Tree | undefined): number {
  const value = plain(tree)
  return typeof value === 'number' ? value : Infinity
}

type Mapped = { document: Evaluable; identity: Identity | null; metadata: Map<unknown, Tree> }

function mapContext(context: Fields): Mapped {
  const environment = fieldsOf(context.get('environment'))
  const metadata = new Map<unknown, Tree>()
  let states = 0
  const stateOf = (feature: Fields): FeatureState => {
    const id = ++states
    metadata.set(id, feature.get('metadata') ?? null)
    return mapState(id, feature)
  }
  const features = valuesOf(context.get('features')).map((feature, index) => ({
    id: index + 1,
    name: textOf(feature.get('name')),
    state: stateOf(feature),
  }))
  const ids = new Map(features.map((feature) => [feature.name, feature.id]))
  const segments = valuesOf(context.get('segments')).map((segment, index): Segment => {
    const mapped: Segment = {
      id: index + 1,
      name: textOf(segment.get('name')),
      description: null,
      hashKey: textOf(segment.get('key')),
      rules: listOf(segment.get('rules')).map(mapRule),
      overrides: listOf(segment.get('overrides')).map((override) => ({
        featureId: ids.get(textOf(override.get('name'))) ?? 0,
        featureSegmentId: index + 1,
        priority: numberOf(override.get('priority')),
        state: stateOf(override),
      })),
    }
    metadata.set(mapped, segment.get('metadata') ?? null)
    return mapped
  })
  const keys = { apiKey: textOf(environment.get('key')), name: textOf(environment.get('name')) }
  const identity = mapIdentity(context.get('identity'))
  return { document: { environment: keys, features, segments }, identity, metadata }
}

function mapState(id: number, feature: Fields): FeatureState {
  return {
    id,
    uuid: '',
    enabled: feature.get('enabled') === true,
    value: plain(feature.get('value') ?? null) as FlagValue,
    seed: 0,
    hashKey: textOf(feature.get('key')),
    variants: listOf(feature.get('variants')).map((variant) => ({
      id: numberOf(variant.get('priority')),
      uuid: '',
      optionId: 0,
      key: (variant.get('key') ?? null) as string | null,
      value: plain(variant.get('value') ?? null) as FlagValue,
      weight: numberOf(variant.get('weight')),
    })),
  }
}

function mapRule(rule: Fields): Rule {
  return {
    type: textOf(rule.get('type')) as Rule['type'],
    conditions: listOf(rule.get('conditions')).map(mapCondition),
    rules: listOf(rule.get('rules')).map(mapRule),
  }
}

function mapCondition(condition: Fields): Condition {
  const value = plain(condition.get('value') ?? null)
  return {
    operator: textOf(condition.get('operator')),
    property: textOf(condition.get('property')),
    value: Array.isArray(value) ? JSON.stringify(value) : value === null ? null : `${value}`,
  }
}

function mapIdentity(tree: Tree | undefined): Identity | null {
  if (!(tree instanceof Map)) return null
  const traits = [...fieldsOf(tree.get('traits'))]
  return {
    identifier: textOf(tree.get('identifier')),
    key: textOf(tree.get('key')) || null,
    traits: new Map(traits.map(([name, value]) => [name, traitOf(value)])),
    overrides: new Map(),
  }
}

function traitOf(tree: Tree): TraitValue {
  if (tree instanceof Map || Array.isArray(tree)) return null
  if (typeof tree !== 'object' || tree === null) return tree
  if (/^-?[0-9]+$/.test(tree.literal)) return tree.literal
  return Number.isInteger(tree.value) ? `${BigInt(tree.value)}.0` : tree.value
}

/** A metadata object without anything in it is not reported. */
function withMetadata(fields: Map<string, unknown>, metadata: Tree | undefined): unknown {
  if (fieldsOf(metadata).size > 0) fields.set('metadata', plain(metadata))
  return fields
}

function evaluateContext(context: Fields): { flags: unknown; segments: unknown } {
  const { document, identity, metadata } = mapContext(context)
  const compiled = compile(document)
  const flags = evaluate(compiled, identity).map((flag): [string, unknown] => {
    const { name, enabled, value, reason, variant } = flag
    const fields = new Map(Object.entries({ name, enabled, value, reason, variant }))
    return [name, withMetadata(fields, metadata.get(flag.stateId))]
  })
  const segments = matchingSegments(compiled, identity).map((segment) =>
    withMetadata(new Map([['name', segment.name]]), metadata.get(segment)),
  )
  return { flags: new Map(flags), segments }
}

/** Languages print a weight differently (`30`, `30.0`), so weights are compared as numbers. */
function withLooseReasons(flags: unknown): unknown {
  for (const flag of flags instanceof Map ? flags.values() : []) {
    const weight = /^SPLIT; weight=(.+)$/.exec(`${flag.get('reason')}`)?.[1]
    if (weight !== undefined) flag.set('reason', `SPLIT; weight=${Number(weight)}`)
  }
  return flags
}

/** What is wrong with a case; null when nothing is. */
function failureOf(path: string): string | null {
  try {
    const root = fieldsOf(parseCase(readFileSync(path, 'utf8')))
    const { context, result } = Object.fromEntries(root)
    if (!(context instanceof Map) || !(result instanceof Map)) return 'no context or no result'
    const actual = evaluateContext(context)
    for (const part of ['flags', 'segments'] as const) {
      const wanted = withLooseReasons(plain(result.get(part)))
      const found = withLooseReasons(actual[part])
      if (!isDeepStrictEqual(found, wanted))
        return `${part}: expected ${show(wanted)}, got ${show(found)}`
    }
    return null
  } catch (error) {
    return `${error}`
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 9, breakLength: Infinity })
}

function main(directory: string | undefined): number {
  if (directory === undefined) {
    console.error('usage: node src/tools/conformance.ts DIR')
    return 2
  }
  const files = readdirSync(directory).filter((name) => /\.jsonc?$/.test(name))
  let failed = 0
  for (const name of files.sort()) {
    const failure = failureOf(join(directory, name))
    if (failure === null) continue
    failed++
    console.log(`FAIL ${name}: ${failure}`)
  }
  console.log(`${files.length - failed} passed, ${failed} failed`)
  return failed > 0 || files.length === 0 ? 1 : 0
}

process.exitCode = main(process.argv[2])
