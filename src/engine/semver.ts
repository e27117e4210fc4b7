/**
 * SemVer 2.0 versions and their precedence (contract sdk-api §5.5). Strict: three parts, no `v`, no
 * leading zeros; what is not a version is null and compares with nothing.
 */

import { compareTexts } from './order.ts'

/** Parts stay text: they may exceed exact numbers, and without leading zeros length decides. */
export type Version = { core: string[]; prerelease: string[] }

const NUMBER = '(?:0|[1-9][0-9]*)'
const IDENTIFIER = `(?:${NUMBER}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)`
const VERSION = new RegExp(
  `^(${NUMBER}\\.${NUMBER}\\.${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
)
const ALL_DIGITS = /^[0-9]+$/

export function parseVersion(text: string): Version | null {
  const found = VERSION.exec(text)
  if (found === null) return null
  const prerelease = found[2]
  return {
    core: (found[1] ?? '').split('.'),
    prerelease: prerelease === undefined ? [] : prerelease.split('.'),
  }
}

/** Negative, zero or positive; build metadata has no say. */
export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    const order = compareNumbers(a.core[i] ?? '', b.core[i] ?? '')
    if (order !== 0) return order
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return b.prerelease.length - a.prerelease.length
  }
  const shorter = Math.min(a.prerelease.length, b.prerelease.length)
  for (let i = 0; i < shorter; i++) {
    const order = compareIdentifiers(a.prerelease[i] ?? '', b.prerelease[i] ?? '')
    if (order !== 0) return order
  }
  return a.prerelease.length - b.prerelease.length
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
