/**
 * Every operator turned into a predicate once, when the document is compiled. Values that cannot be
 * used (a bad pattern, no number, no such operator) give a predicate that is never true: a broken
 * condition must not fail a request (contract sdk-api §5.5, gotcha 39).
 */

import { COMPARISONS, comparison } from './compare.ts'
import { membership } from './membership.ts'
import { parseFloatLiteral } from './number.ts'
import { type Reading, TEXT, textOf } from './reading.ts'
import { compileRegex } from './regex/compile.ts'
import { matchesAtStart } from './regex/run.ts'
import { percentageOfSplit, type Split } from './split.ts'

/** Asked only about values that are set. */
export type Predicate = (reading: Reading) => boolean

export const never: Predicate = () => false
const always: Predicate = () => true

export function predicateOf(
  operator: string,
  value: string | null,
  splitOf: () => Split,
): Predicate {
  if (operator === 'IS_SET') return always
  if (value === null) return never
  const accepted = COMPARISONS.get(operator)
  if (accepted !== undefined) return comparison(accepted, value)
  switch (operator) {
    case 'CONTAINS':
      return contains(value)
    case 'NOT_CONTAINS':
      return (reading) => reading.kind === TEXT && !reading.text.includes(value)
    case 'IN':
      return membership(value)
    case 'REGEX':
      return regex(value)
    case 'MODULO':
      return modulo(value)
    case 'PERCENTAGE_SPLIT':
      return percentageSplit(value, splitOf)
    default:
      return never
  }
}

/** The value is cast as for a comparison, and a version contains nothing; NOT_CONTAINS casts nothing. */
function contains(value: string): Predicate {
  if (value.endsWith(':semver')) return never
  return (reading) => reading.kind === TEXT && reading.text.includes(value)
}

function regex(pattern: string): Predicate {
  const program = compileRegex(pattern)
  return program === null ? never : (reading) => matchesAtStart(program, textOf(reading))
}

/** `divisor|remainder`. A zero divisor leaves not-a-number, which equals no remainder (gotcha 39). */
function modulo(value: string): Predicate {
  const parts = value.split('|')
  const divisor = parseFloatLiteral(parts[0] ?? '')
  const remainder = parseFloatLiteral(parts[1] ?? '')
  if (parts.length !== 2 || divisor === null || remainder === null) return never
  return (reading) => reading.kind !== TEXT && flooredModulo(reading.number, divisor) === remainder
}

/** The result takes the divisor's sign: -2 modulo 3 is 1. */
function flooredModulo(dividend: number, divisor: number): number {
  const rest = dividend % divisor
  return rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest
}

function percentageSplit(value: string, splitOf: () => Split): Predicate {
  const limit = parseFloatLiteral(value)
  if (limit === null) return never
  const split = splitOf()
  return (reading) => percentageOfSplit(split, reading) <= limit
}

/** How dear a condition is to judge; of several, the cheap ones are asked first. */
export function costOf(operator: string): number {
  switch (operator) {
    case 'PERCENTAGE_SPLIT':
      return 2
    case 'REGEX':
      return 1
    default:
      return 0
  }
}
