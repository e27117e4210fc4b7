/**
 * The six ordering operators: a condition's value is cast to whatever type the context's value has
 * (contract sdk-api §5.5), and a cast that fails matches nothing, NOT_EQUAL included (gotcha 37).
 */

import { compareIntegerTexts, type Integer, parseFloatLiteral, parseInteger } from './number.ts'
import { compareTexts } from './order.ts'
import { BOOLEAN, FLOAT, INTEGER, type Reading, TEXT, versionOf } from './reading.ts'
import { compareVersions, parseVersion, type Version } from './semver.ts'

// What a comparison can come to; an operator is the set of outcomes it accepts.
const LESS = 1
const SAME = 2
const MORE = 4
/** Not a number: different from everything, and neither below nor above it. */
const UNORDERED = 8
const INCOMPARABLE = 0

export const COMPARISONS: ReadonlyMap<string, number> = new Map([
  ['EQUAL', SAME],
  ['NOT_EQUAL', LESS | MORE | UNORDERED],
  ['GREATER_THAN', MORE],
  ['GREATER_THAN_INCLUSIVE', MORE | SAME],
  ['LESS_THAN', LESS],
  ['LESS_THAN_INCLUSIVE', LESS | SAME],
])

const SEMVER = ':semver'

/** A condition's value cast to every type beforehand. */
type Target = {
  readonly boolean: number
  readonly integer: Integer | null
  readonly float: number | null
  readonly text: string
  readonly isVersion: boolean
  readonly version: Version | null
}

export function comparison(accepted: number, value: string): (reading: Reading) => boolean {
  const isVersion = value.endsWith(SEMVER)
  const target: Target = {
    // Only two spellings are false; anything else, even empty, is true (gotcha 38).
    boolean: value === 'False' || value === 'false' ? 0 : 1,
    integer: parseInteger(value),
    float: parseFloatLiteral(value),
    text: value,
    isVersion,
    version: isVersion ? parseVersion(value.slice(0, -SEMVER.length)) : null,
  }
  return (reading) => (compare(reading, target) & accepted) !== 0
}

function compare(reading: Reading, target: Target): number {
  switch (reading.kind) {
    case TEXT:
      return target.isVersion ? compareAsVersion(reading, target) : compareAsText(reading, target)
    case INTEGER:
      return target.integer === null ? INCOMPARABLE : compareAsInteger(reading, target.integer)
    case FLOAT:
      return target.float === null ? INCOMPARABLE : outcome(reading.number, target.float)
    case BOOLEAN:
      return outcome(reading.number, target.boolean)
    default:
      return INCOMPARABLE
  }
}

function compareAsText(reading: Reading, target: Target): number {
  return reading.text === target.text ? SAME : outcome(compareTexts(reading.text, target.text), 0)
}

function compareAsVersion(reading: Reading, target: Target): number {
  const version = versionOf(reading)
  if (version === null || target.version === null) return INCOMPARABLE
  return outcome(compareVersions(version, target.version), 0)
}

/** Only where both sides are beyond exact doubles do their digits have to be compared. */
function compareAsInteger(reading: Reading, target: Integer): number {
  if (Number.isSafeInteger(reading.number) || Number.isSafeInteger(target.number)) {
    return outcome(reading.number, target.number)
  }
  return outcome(compareIntegerTexts(reading.text, target.text), 0)
}

function outcome(a: number, b: number): number {
  if (a === b) return SAME
  if (a < b) return LESS
  return a > b ? MORE : UNORDERED
}
