/**
 * SemVer 2.0 versions and their precedence (contract sdk-api §5.5). Strict: three parts, no `v`, no
 * leading zeros; what is not a version is null and compares with nothing.
 */

import { compareTexts } from './order.ts'

/**
 * Numbers may exceed exactness; then `texts` has all three as they were written, for without leading
 * zeros the longer is the larger. While the numbers are exact it is empty.
 */
export type Version = {
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly texts: readonly string[]
  readonly prerelease: readonly string[]
}

const NONE: readonly string[] = []

const NUMBER = '(?:0|[1-9][0-9]*)'
const IDENTIFIER = `(?:${NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)`
const VERSION = new RegExp(
  `^(${NUMBER}\\.${NUMBER}\\.${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
)
const ALL_DIGITS = /^[0-9]+$/

export function parseVersion(text: string): Version | null {
  return parsePlain(text) ?? parseAny(text)
}

function parseAny(text: string): Version | null {
  const found = VERSION.exec(text)
  if (found === null) return null
  const texts = (found[1] ?? '').split('.')
  const [major = 0, minor = 0, patch = 0] = texts.map(Number)
  const isExact = [major, minor, patch].every(Number.isSafeInteger)
  const prerelease = found[2]?.split('.') ?? NONE
  return { major, minor, patch, texts: isExact ? NONE : texts, prerelease }
}

const POINT = 0x2e
const MOST_DIGITS = 15

/** Three short numbers and nothing else, as nearly all versions are; null says nothing yet. */
function parsePlain(text: string): Version | null {
  let major = 0
  let minor = 0
  let points = 0
  let value = 0
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === POINT && digits > 0) {
      if (points === 0) major = value
      else minor = value
      points++
      value = 0
      digits = 0
    } else {
      const digit = unit ^ 0x30
      const isLeadingZero = digits > 0 && value === 0
      if (digit > 9 || isLeadingZero || digits === MOST_DIGITS) return null
      value = value * 10 + digit
      digits++
    }
  }
  if (points !== 2 || digits === 0) return null
  return { major, minor, patch: value, texts: NONE, prerelease: NONE }
}

/** Negative, zero or positive; build metadata has no say. */
export function compareVersions(a: Version, b: Version): number {
  return compareCores(a, b) || comparePrereleases(a.prerelease, b.prerelease)
}

function compareCores(a: Version, b: Version): number {
  if (a.texts.length === 0 && b.texts.length === 0) {
    return a.major - b.major || a.minor - b.minor || a.patch - b.patch
  }
  const own = textsOf(a)
  const other = textsOf(b)
  for (let i = 0; i < 3; i++) {
    const order = compareNumbers(own[i] ?? '', other[i] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function textsOf({ texts, major, minor, patch }: Version): readonly string[] {
  return texts.length > 0 ? texts : [`${major}`, `${minor}`, `${patch}`]
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const order = compareIdentifiers(a[i] ?? '', b[i] ?? '')
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b)
}

/** Numbers rank below words. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = ALL_DIGITS.test(a)
  if (numeric !== ALL_DIGITS.test(b)) return numeric ? -1 : 1
  return numeric ? compareNumbers(a, b) : compareTexts(a, b)
}
