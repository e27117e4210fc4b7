/**
 * A segment's rules, compiled, and whether an identity matches them (contract sdk-api §5.3). It knows
 * nothing of features.
 */

import type { Condition, Rule, Segment } from './document.ts'
import { costOf, never, type Predicate, predicateOf } from './operators.ts'
import { keyReading, propertyReading, type Reading, type Run, read, UNSET } from './reading.ts'
import { addSplit, type Split } from './split.ts'

const ALL = 0
const ANY = 1
const NONE = 2
/** A rule of a type this version does not know. */
const NEITHER = 3
type Quantifier = typeof ALL | typeof ANY | typeof NONE | typeof NEITHER

export type CompiledSegment = {
  readonly segment: Segment
  /** All of them together are one rule, of which every part has to hold; null never matches. */
  readonly rule: CompiledRule | null
}

type CompiledRule = {
  readonly quantifier: Quantifier
  readonly conditions: readonly CompiledCondition[]
  readonly rules: readonly CompiledRule[]
}

type CompiledCondition = {
  readonly reading: Reading
  readonly whenUnset: boolean
  readonly holds: Predicate
  readonly cost: number
}

/** Readings are shared by the conditions of a whole document: one lookup for each property. */
export type Readings = {
  readonly environment: Map<string, string>
  readonly properties: Map<string, Reading>
  readonly key: Reading
  readonly splits: Map<Reading, Split[]>
  readonly run: Run
}

export function newReadings(environment: Map<string, string>, run: Run): Readings {
  return { environment, properties: new Map(), key: keyReading(), splits: new Map(), run }
}

export function compileSegment(segment: Segment, readings: Readings): CompiledSegment {
  const segmentKey = segment.hashKey ?? `${segment.id}`
  const own = new Map<Reading, Split>()
  const splitOn = (reading: Reading): Split => {
    const split = own.get(reading) ?? addSplit(segmentKey, peersOf(reading, readings), readings.run)
    own.set(reading, split)
    return split
  }
  const condition = (source: Condition): CompiledCondition => {
    const { operator, value } = source
    const reading = readingOf(source, readings)
    const whenUnset = operator === 'IS_NOT_SET'
    const holds = whenUnset ? never : predicateOf(operator, value, () => splitOn(reading))
    return { reading, whenUnset, holds, cost: costOf(operator) }
  }
  const rule = (source: Rule): CompiledRule =>
    flatten({
      quantifier: quantifierOf(source.type),
      conditions: source.conditions.map(condition),
      rules: source.rules.map(rule),
    })
  // A segment without rules never matches.
  if (segment.rules.length === 0) return { segment, rule: null }
  const rules = segment.rules.map(rule)
  return { segment, rule: flatten({ quantifier: ALL, conditions: [], rules }) }
}

function peersOf(reading: Reading, { splits }: Readings): Split[] {
  const peers = splits.get(reading) ?? []
  splits.set(reading, peers)
  return peers
}

/**
 * The same rule with less to walk: what says ALL inside ALL moves up, and a rule around a single one
 * goes. Conditions have no effects, so that their order is free.
 */
function flatten(rule: CompiledRule): CompiledRule {
  const isAll = ({ quantifier }: CompiledRule) => quantifier === ALL
  const above = isAll(rule) ? rule.rules.filter(isAll) : []
  const others = isAll(rule) ? rule.rules.filter((inner) => !isAll(inner)) : rule.rules
  const conditions = [...rule.conditions, ...above.flatMap((inner) => inner.conditions)]
  const rules = [...others, ...above.flatMap((inner) => inner.rules)]
  const [only] = rules
  const isMere = rule.quantifier === ALL || rule.quantifier === ANY
  if (isMere && only !== undefined && rules.length === 1 && conditions.length === 0) return only
  conditions.sort((a, b) => a.cost - b.cost)
  return { quantifier: rule.quantifier, conditions, rules }
}

export function matches({ rule }: CompiledSegment, run: Run): boolean {
  return rule !== null && ruleMatches(rule, run)
}

function readingOf(source: Condition, readings: Readings): Reading {
  const property = source.property ?? ''
  if (property === '' && source.operator === 'PERCENTAGE_SPLIT') return readings.key
  const known = readings.properties.get(property)
  if (known !== undefined) return known
  const reading = propertyReading(property, readings.environment)
  readings.properties.set(property, reading)
  return reading
}

function quantifierOf(type: string): Quantifier {
  switch (type) {
    case 'ALL':
      return ALL
    case 'ANY':
      return ANY
    case 'NONE':
      return NONE
    default:
      return NEITHER
  }
}

/** Conditions and sub-rules are ANDed, each under the rule's quantifier; an empty part is true. */
function ruleMatches(rule: CompiledRule, run: Run): boolean {
  const { conditions, rules } = rule
  switch (rule.quantifier) {
    case ALL:
      return everyCondition(conditions, run) && everyRule(rules, run)
    case ANY:
      return (
        (conditions.length === 0 || someCondition(conditions, run)) &&
        (rules.length === 0 || someRule(rules, run))
      )
    case NONE:
      return !someCondition(conditions, run) && !someRule(rules, run)
    case NEITHER:
      return false
  }
}

function everyCondition(conditions: readonly CompiledCondition[], run: Run): boolean {
  for (const condition of conditions) if (!holds(condition, run)) return false
  return true
}

function someCondition(conditions: readonly CompiledCondition[], run: Run): boolean {
  for (const condition of conditions) if (holds(condition, run)) return true
  return false
}

function everyRule(rules: readonly CompiledRule[], run: Run): boolean {
  for (const rule of rules) if (!ruleMatches(rule, run)) return false
  return true
}

function someRule(rules: readonly CompiledRule[], run: Run): boolean {
  for (const rule of rules) if (ruleMatches(rule, run)) return true
  return false
}

function holds(condition: CompiledCondition, run: Run): boolean {
  const reading = read(condition.reading, run)
  return reading.kind === UNSET ? condition.whenUnset : condition.holds(reading)
}
