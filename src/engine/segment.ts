/**
 * A segment's rules, compiled, and whether an identity matches them (contract sdk-api §5.3). It knows
 * nothing of features.
 */

import type { Condition, Rule, Segment } from './document.ts'
import { never, type Predicate, predicateOf, type Split } from './operators.ts'
import { keyReading, propertyReading, type Reading, type Run, read, UNSET } from './reading.ts'

const ALL = 0
const ANY = 1
const NONE = 2
/** A rule of a type this version does not know. */
const NEITHER = 3
type Quantifier = typeof ALL | typeof ANY | typeof NONE | typeof NEITHER

export type CompiledSegment = {
  readonly segment: Segment
  readonly rules: readonly CompiledRule[]
  stamp: number
  matched: boolean
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
}

/** Readings are shared by the conditions of a whole document: one lookup for each property. */
export type Readings = {
  readonly environment: Map<string, string>
  readonly properties: Map<string, Reading>
  readonly key: Reading
}

export function newReadings(environment: Map<string, string>): Readings {
  return { environment, properties: new Map(), key: keyReading() }
}

export function compileSegment(segment: Segment, readings: Readings): CompiledSegment {
  const segmentKey = segment.hashKey ?? `${segment.id}`
  const splits = new Map<Reading, Split>()
  const condition = (source: Condition): CompiledCondition => {
    const reading = readingOf(source, readings)
    const split = splits.get(reading) ?? { segmentKey, stamp: 0, percentage: 0.5 }
    splits.set(reading, split)
    const isNotSet = source.operator === 'IS_NOT_SET'
    const holds = isNotSet ? never : predicateOf(source.operator, source.value, split)
    return { reading, whenUnset: isNotSet, holds }
  }
  const rule = (source: Rule): CompiledRule => ({
    quantifier: quantifierOf(source.type),
    conditions: source.conditions.map(condition),
    rules: source.rules.map(rule),
  })
  return { segment, rules: segment.rules.map(rule), stamp: 0, matched: false }
}

/** Asked any number of times, worked out once an evaluation. A segment without rules never matches. */
export function matches(compiled: CompiledSegment, run: Run): boolean {
  if (compiled.stamp !== run.stamp) {
    compiled.stamp = run.stamp
    compiled.matched = compiled.rules.length > 0 && everyRule(compiled.rules, run)
  }
  return compiled.matched
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
