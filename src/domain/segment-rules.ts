/**
 * A segment's rule tree as it is stored: what it may hold, and how its parts get their ids. Pure. It
 * reads no more of a tree than it has to: what else was sent stays in its place.
 */
import { invalid, type Refusal } from '../outcome.ts'
import type { RuleTree } from '../storage/segments.ts'
import { sameJson } from './same-json.ts'

type Part = Record<string, unknown>

const partsOf = (value: unknown): Part[] =>
  Array.isArray(value) ? value.filter((part) => typeof part === 'object' && part !== null) : []

/**
 * An audit entry holds two trees, before and after, in one row of at most two megabytes. The contract
 * has no such limit; a hundred conditions of ordinary length take a tenth of it.
 */
const maxBytes = 400_000

/** How many rules, of both levels, and conditions a tree has. */
export function countParts(tree: unknown): { rules: number; conditions: number } {
  const counted = { rules: 0, conditions: 0 }
  for (const rule of partsOf(tree)) {
    const below = countParts(rule.rules)
    counted.rules += 1 + below.rules
    counted.conditions += partsOf(rule.conditions).length + below.conditions
  }
  return counted
}

const isTooDeep = (tree: RuleTree) =>
  partsOf(tree).some((rule) => partsOf(rule.rules).some((child) => partsOf(child.rules).length > 0))

/** A tree takes seven levels; what is kept beside it may add some, and no more than a stack holds. */
const maxLevels = 20

const fits = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((part) => fits(part, levels - 1)))

/** `maxConditions` is the project's setting. */
export function refuseRules(tree: RuleTree, maxConditions: number): Refusal | undefined {
  const wrong = (message: string) => invalid({ segment: [message] })
  if (tree.length === 0) return invalid({ rules: ['This list may not be empty.'] })
  if (isTooDeep(tree)) return wrong('Rules must not be nested more than 2 levels deep.')
  if (!fits(tree, maxLevels)) return wrong('The rules hold something that is nested too deeply.')
  const { conditions } = countParts(tree)
  if (conditions > maxConditions) {
    return wrong(
      `The segment has ${conditions} conditions, ` +
        `which exceeds the maximum condition count of ${maxConditions}.`,
    )
  }
  const bytes = new TextEncoder().encode(JSON.stringify(tree)).length
  return bytes > maxBytes
    ? wrong(`The rules take ${bytes} bytes; they may take ${maxBytes}.`)
    : undefined
}

type Ids = { rule: () => number; condition: () => number } | null

/** Each part with a new id in front, or without one; an id that was sent never stays. */
function withIds(tree: unknown, ids: Ids): Part[] {
  const named = ({ id: _, ...rest }: Part, next: (() => number) | undefined): Part =>
    next === undefined ? rest : { id: next(), ...rest }
  return partsOf(tree).map((rule) => ({
    ...named(rule, ids?.rule),
    ...('rules' in rule ? { rules: withIds(rule.rules, ids) } : {}),
    conditions: partsOf(rule.conditions).map((condition) => named(condition, ids?.condition)),
  }))
}

/** Ids count up from the first of each kind, so that no two parts anywhere share one. */
export function numberRules(tree: RuleTree, first: { rule: number; condition: number }): RuleTree {
  let { rule, condition } = first
  return withIds(tree, { rule: () => rule++, condition: () => condition++ })
}

/** The tree as it was sent. */
export const withoutIds = (tree: RuleTree): RuleTree => withIds(tree, null)

/** Whether two trees say the same: clients that know no ids send a tree without them. */
export const sameRules = (a: RuleTree, b: RuleTree): boolean =>
  sameJson(withoutIds(a), withoutIds(b))
