/**
 * A stored rule tree → the engine's rules. The tree lies as it was sent, so nothing is assumed:
 * what cannot be read becomes a rule that the engine decides like any other.
 */
import type { Condition, Rule, RuleType } from '../engine/document.ts'

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** A list stays one, as JSON: joined, its items could fall apart. */
function textOrNull(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const readCondition = (value: unknown): Condition => {
  const condition = record(value)
  return {
    operator: String(condition.operator),
    property: textOrNull(condition.property),
    value: textOrNull(condition.value),
  }
}

const readRule = (value: unknown): Rule => {
  const rule = record(value)
  return {
    type: String(rule.type) as RuleType,
    conditions: list(rule.conditions).map(readCondition),
    rules: list(rule.rules).map(readRule),
  }
}

export const readRules = (tree: unknown): Rule[] => list(tree).map(readRule)
