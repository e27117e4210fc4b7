/**
 * Where flagsmith-nodejs 8.1.2 decides a condition otherwise than the contract's reference, rule by
 * rule: when that is so, what it decides then, and where the contract says so. What no rule names
 * must be decided alike.
 */
import type { TraitValue } from '../../src/engine/index.ts'
import { parseFloatLiteral, parseInteger } from '../../src/engine/number.ts'
import { percentage } from '../../src/engine/percentage.ts'
import { compareVersions, parseVersion } from '../../src/engine/semver.ts'

/** One condition and what it finds; undefined: nothing. */
export type Finding = {
  operator: string
  property: string
  value: string
  segmentId: number
  found: Exclude<TraitValue, null> | undefined
}

export type Divergence = {
  name: string
  reason: string
  applies(finding: Finding): boolean
  sdk(finding: Finding): boolean
}

type Order = (a: string | number, b: string | number) => boolean

const comparisons = new Map<string, Order>([
  ['EQUAL', (a, b) => a === b],
  ['NOT_EQUAL', (a, b) => a !== b],
  ['GREATER_THAN', (a, b) => a > b],
  ['GREATER_THAN_INCLUSIVE', (a, b) => a >= b],
  ['LESS_THAN', (a, b) => a < b],
  ['LESS_THAN_INCLUSIVE', (a, b) => a <= b],
])

const compareAs = (operator: string, a: string | number, b: string | number) =>
  comparisons.get(operator)?.(a, b) ?? false

const suffix = ':semver'
const isVersioned = (value: string) => value.endsWith(suffix)
const bare = (value: string) => value.slice(0, -suffix.length)
const isText = (found: Finding['found']): found is string => typeof found === 'string'
const isNumber = (found: Finding['found']): found is number => typeof found === 'number'
const looksNumeric = (found: Finding['found']): found is string =>
  isText(found) && /^-?[0-9]+(\.[0-9]+)?$/.test(found)
const isPlainText = (found: Finding['found']): found is string =>
  isText(found) && !looksNumeric(found)
const withoutV = (version: string) => version.replace(/^v/, '')

/** As the semver package compares, which takes a leading `v`. */
function compareLooseVersions(operator: string, a: string, b: string): boolean {
  const [left, right] = [parseVersion(withoutV(a)), parseVersion(withoutV(b))]
  return left !== null && right !== null && compareAs(operator, compareVersions(left, right), 0)
}

function textOperator({ operator, value }: Finding, found: string): boolean {
  if (operator === 'CONTAINS') return found !== '' && found.includes(value)
  if (operator === 'NOT_CONTAINS') return value !== '' && !found.includes(value)
  return compareAs(operator, found, value)
}

function regexSomewhere({ value, found }: Finding): boolean {
  try {
    return value !== '' && new RegExp(value).test(String(found))
  } catch {
    return false
  }
}

function truncatedModulo({ value, found }: Finding): boolean {
  const [divisor = Number.NaN, remainder] = value.split('|').map((part) => Number.parseFloat(part))
  // Numbers are compared, not identities: -0 is 0.
  return value.split('|').length === 2 && Number.parseFloat(String(found)) % divisor === remainder
}

const jsonList = (value: string): unknown[] | null => {
  try {
    const list: unknown = JSON.parse(value)
    return Array.isArray(list) ? list : null
  } catch {
    return null
  }
}

const isListed = ({ value, found }: Finding) =>
  Boolean(found) && (jsonList(value) ?? value.split(',')).includes(String(found))

const splitOf = ({ segmentId, value, found }: Finding) =>
  percentage(String(segmentId), String(found)) <= Number.parseFloat(value)

const operands = (value: string) => value.split('|').map(parseFloatLiteral)

export const divergences: Divergence[] = [
  {
    name: 'a blank property is never looked at',
    reason: '§5.4 step 1: a blank property finds nothing, and IS_NOT_SET is true of nothing',
    applies: ({ operator, property }) => property === '' && operator === 'IS_NOT_SET',
    sdk: () => false,
  },
  {
    name: 'a split by a plain trait never matches',
    reason: '§5.5 table, "% split on a plain trait": only paths and blank',
    applies: ({ operator, property, found }) =>
      operator === 'PERCENTAGE_SPLIT' &&
      property !== '' &&
      !property.startsWith('$.') &&
      found !== undefined,
    sdk: () => false,
  },
  {
    name: 'a split by 0, false or empty text never matches',
    reason: '§5.7: any value that is set is hashed; JavaScript takes these for none',
    applies: ({ operator, found }) =>
      operator === 'PERCENTAGE_SPLIT' && (found === 0 || found === false || found === ''),
    sdk: () => false,
  },
  {
    name: 'a split hashes a value as JavaScript prints it',
    reason: '§5.7: Python prints True, and numeric-looking text as the number it is',
    applies: ({ operator, found }) =>
      operator === 'PERCENTAGE_SPLIT' && (found === true || looksNumeric(found)),
    sdk: splitOf,
  },
  {
    name: 'versions are compared as text by NOT_EQUAL',
    reason: '§5.5 table, "NOT_EQUAL :semver invalid", and builds count as text does',
    applies: ({ operator, value, found }) =>
      operator === 'NOT_EQUAL' &&
      isVersioned(value) &&
      found !== undefined &&
      (!isText(found) ||
        parseVersion(found) === null ||
        parseVersion(bare(value)) === null ||
        `${found}${value}`.includes('+')),
    sdk: ({ value, found }) => found !== (isNumber(found) ? Number(bare(value)) : bare(value)),
  },
  {
    name: 'a version may begin with v',
    reason: '§5.5 table, "SemVer v1.2.3": accepted',
    applies: ({ operator, value, found }) =>
      comparisons.has(operator) &&
      isVersioned(value) &&
      isPlainText(found) &&
      (found.startsWith('v') || value.startsWith('v')),
    sdk: ({ operator, value, found }) => compareLooseVersions(operator, String(found), bare(value)),
  },
  {
    name: 'a boolean is no version',
    reason: '§5.5 casts: any text but False and false is true to a boolean, a version too',
    applies: ({ operator, value, found }) =>
      comparisons.has(operator) && isVersioned(value) && typeof found === 'boolean',
    sdk: () => false,
  },
  {
    name: 'a version is searched for as text',
    reason: '§5.5 casts CONTAINS as it casts comparisons: a version contains nothing',
    applies: ({ operator, value, found }) =>
      operator === 'CONTAINS' && isVersioned(value) && isText(found),
    sdk: ({ value, found }) => found !== '' && String(found).includes(bare(value)),
  },
  {
    name: 'numeric-looking text is text',
    reason: '§5.5 table, "numeric-looking strings": strings ("9" > "10" is true)',
    applies: ({ operator, value, found }) =>
      looksNumeric(found) &&
      (operator === 'NOT_CONTAINS' ||
        (!isVersioned(value) && (comparisons.has(operator) || operator === 'CONTAINS'))),
    sdk: (finding) => textOperator(finding, String(finding.found)),
  },
  {
    name: 'an integer compares with a fraction',
    reason: '§5.5 table, "int v vs "2.5"": parsed and compared',
    applies: ({ operator, value, found }) =>
      comparisons.has(operator) &&
      isNumber(found) &&
      Number.isInteger(found) &&
      parseInteger(value) === null &&
      parseFloatLiteral(value) !== null,
    sdk: ({ operator, value, found }) =>
      compareAs(operator, Number(found), Number.parseFloat(value)),
  },
  {
    name: 'a number compares with whatever a text begins with',
    reason: '§5.5 and gotcha 37: a failed cast is false, also for NOT_EQUAL',
    applies: ({ operator, value, found }) =>
      comparisons.has(operator) &&
      isNumber(found) &&
      !isVersioned(value) &&
      !Object.is(parseFloatLiteral(value), Number.parseFloat(value)),
    sdk: ({ operator, value, found }) =>
      compareAs(operator, Number(found), Number.parseFloat(value)),
  },
  {
    name: 'texts are ordered by UTF-16 unit',
    reason: '§11: differs from code points for astral characters only',
    applies: ({ operator, value, found }) =>
      comparisons.has(operator) &&
      isPlainText(found) &&
      !isVersioned(value) &&
      /[\ud800-\udfff]/.test(`${found}${value}`),
    sdk: ({ operator, value, found }) => compareAs(operator, String(found), value),
  },
  {
    name: 'empty text contains nothing, not even itself',
    reason: '§5.5: "" is always contained',
    applies: ({ operator, value, found }) =>
      operator === 'CONTAINS' && found === '' && value === '',
    sdk: () => false,
  },
  {
    name: 'a pattern matches anywhere, in the syntax of JavaScript',
    reason: '§5.5 table, "REGEX": unanchored, JS syntax; §11: other classes, other text of values',
    applies: ({ operator, value, found }) =>
      operator === 'REGEX' &&
      found !== undefined &&
      !(
        isPlainText(found) &&
        /^\^[\w[\]\\$+*.-]*$/.test(value) &&
        (/^[ -~]*$/.test(found) || !/\\[wds]/.test(value))
      ),
    sdk: regexSomewhere,
  },
  {
    name: 'MODULO truncates, and reads whatever a text begins with',
    reason: '§5.5 table, "MODULO bool" and "MODULO negative"',
    applies: ({ operator, value, found }) =>
      operator === 'MODULO' &&
      found !== undefined &&
      (typeof found === 'boolean' ||
        isPlainText(found) ||
        Number(found) < 0 ||
        operands(value).some((operand) => operand === null || operand < 0)),
    sdk: truncatedModulo,
  },
  {
    name: 'IN knows texts only, and no 0, no empty text',
    reason: '§5.5 table, "IN with 0 / """ and "IN with float"; numeric-looking text stays text',
    applies: ({ operator, value, found }) =>
      operator === 'IN' &&
      (found === 0 ||
        found === '' ||
        looksNumeric(found) ||
        (isNumber(found) && !Number.isInteger(found)) ||
        (found !== undefined &&
          !(jsonList(value) ?? []).every((item) => typeof item === 'string'))),
    sdk: (finding) => typeof finding.found !== 'boolean' && isListed(finding),
  },
]

/** The rule that names what the SDK does with this condition, if it does anything of its own. */
export const divergenceOf = (finding: Finding): Divergence | undefined =>
  divergences.find((divergence) => divergence.applies(finding))
