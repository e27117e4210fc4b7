/**
 * Sets of code points: what a class, a shorthand or a letter of a pattern can stand for. ASCII is
 * answered from a table; the rest of Unicode is worked out on demand.
 */

export type Shorthand = 'd' | 'D' | 's' | 'S' | 'w' | 'W'

/** A set as it was written. */
export type SetSource = {
  /** Pairs of first and last. */
  ranges: number[]
  shorthands: Shorthand[]
  negated: boolean
  ignoreCase: boolean
  asciiOnly: boolean
}

export type Charset = { readonly source: SetSource; readonly ascii: Uint8Array }

const DIGIT = /^\p{Nd}$/u
const WORD = /^[\p{L}\p{N}_]$/u
/** What the reference engine's language calls space; one character is ever tested. */
const SPACE = new Set([0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000])

export function charset(source: SetSource): Charset {
  const complete = source.ignoreCase ? withFoldedLetters(source) : source
  const ascii = new Uint8Array(128)
  for (let code = 0; code < 128; code++) ascii[code] = contains(complete, code) ? 1 : 0
  return { source: complete, ascii }
}

export function isIn(set: Charset, code: number): boolean {
  return code < 128 ? set.ascii[code] === 1 : contains(set.source, code)
}

export function isWord(code: number, asciiOnly: boolean): boolean {
  if (code < 128) return isAsciiWord(code)
  return !asciiOnly && WORD.test(String.fromCodePoint(code))
}

function contains(source: SetSource, code: number): boolean {
  const listed =
    isListed(source, code) ||
    (source.ignoreCase &&
      variantsOf(code, source.asciiOnly).some((variant) => isListed(source, variant)))
  return listed !== source.negated
}

function isListed(source: SetSource, code: number): boolean {
  for (let i = 0; i < source.ranges.length; i += 2) {
    if (code >= (source.ranges[i] ?? 0) && code <= (source.ranges[i + 1] ?? 0)) return true
  }
  return source.shorthands.some((shorthand) => isShort(shorthand, code, source.asciiOnly))
}

function isShort(shorthand: Shorthand, code: number, asciiOnly: boolean): boolean {
  switch (shorthand) {
    case 'd':
      return isDigit(code, asciiOnly)
    case 'D':
      return !isDigit(code, asciiOnly)
    case 's':
      return isSpace(code, asciiOnly)
    case 'S':
      return !isSpace(code, asciiOnly)
    case 'w':
      return isWord(code, asciiOnly)
    case 'W':
      return !isWord(code, asciiOnly)
  }
}

function isAsciiWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95
  )
}

function isDigit(code: number, asciiOnly: boolean): boolean {
  if (code < 128) return code >= 48 && code <= 57
  return !asciiOnly && DIGIT.test(String.fromCodePoint(code))
}

/** The four ASCII separators count as space in Unicode patterns, and not in ASCII ones. */
function isSpace(code: number, asciiOnly: boolean): boolean {
  if (code === 32 || (code >= 9 && code <= 13)) return true
  if (asciiOnly) return false
  return (code >= 28 && code <= 31) || (code >= 0x2000 && code <= 0x200a) || SPACE.has(code)
}

/** The other cases of one letter; a letter that changes length with its case has none. */
function variantsOf(code: number, asciiOnly: boolean): number[] {
  if (asciiOnly && code > 127) return []
  const letter = String.fromCodePoint(code)
  const upper = letter.toUpperCase()
  const variants: number[] = []
  for (const variant of [letter.toLowerCase(), upper, upper.toLowerCase()]) {
    const other = variant.codePointAt(0) ?? code
    const isSingle = variant.length === (other > 0xffff ? 2 : 1)
    if (isSingle && other !== code && !(asciiOnly && other > 127)) variants.push(other)
  }
  return variants
}

/** Single letters are listed in all their cases, so that `ſ` finds `s` as well as the reverse. */
function withFoldedLetters(source: SetSource): SetSource {
  const ranges = [...source.ranges]
  for (let i = 0; i < source.ranges.length; i += 2) {
    const code = source.ranges[i] ?? 0
    if (code !== source.ranges[i + 1]) continue
    for (const variant of variantsOf(code, source.asciiOnly)) ranges.push(variant, variant)
  }
  return { ...source, ranges }
}
