/**
 * What a condition looks at: one property of the context, found, normalised and typed once per
 * evaluation however many conditions ask for it. It judges nothing.
 */

import type { Words } from './hashing.ts'
import type { Identity, TraitValue } from './model.ts'
import { canonicalInteger, floatText } from './number.ts'
import { parsePath } from './path.ts'
import { parseVersion, type Version } from './semver.ts'

export const UNSET = 0
export const BOOLEAN = 1
export const INTEGER = 2
export const FLOAT = 3
export const TEXT = 4
export type Kind = typeof UNSET | typeof BOOLEAN | typeof INTEGER | typeof FLOAT | typeof TEXT

/** One evaluation in progress; the stamp tells its results from those of earlier ones. */
export type Run = {
  stamp: number
  identity: Identity | null
  key: string
  /** Whether the key is made of the environment's and the identifier. */
  isComposite: boolean
  /** Whether the key has been encoded for hashing. */
  isEncoded: boolean
  /** What composite keys begin with. */
  readonly environment: Words
}

type Place = 'nowhere' | 'constant' | 'trait' | 'identifier' | 'key'

/** Reused between evaluations: a fixed shape that is written over, never a fresh object. */
export type Reading = {
  readonly property: string
  /** A trait of the property's whole name goes before what its path points at (§5.4, step 2). */
  readonly traitFirst: boolean
  readonly place: Place
  readonly isHashKey: boolean
  /** The trait's name, or the constant itself. */
  readonly detail: string
  stamp: number
  kind: Kind
  /** Booleans as 0 and 1; an integer beyond exactness has its digits in `text`. */
  number: number
  text: string
  version: Version | null
  versionStamp: number
}

const MINUS = 0x2d
const POINT = 0x2e

/** The identity's key, as the blank property of a percentage split means it. */
export function keyReading(): Reading {
  return newReading('', 'key', '')
}

/** A blank property means nothing to any operator but the percentage split (§5.4, step 1). */
export function propertyReading(property: string, environment: Map<string, string>): Reading {
  if (property === '') return newReading('', 'nowhere', '')
  if (!property.startsWith('$.')) return newReading(property, 'trait', property)
  const path = parsePath(property) ?? []
  const [root = '', name = '', trait = ''] = path
  if (path.length === 2 && root === 'environment' && environment.has(name)) {
    return newReading(property, 'constant', environment.get(name) ?? '')
  }
  if (path.length === 2 && root === 'identity' && (name === 'identifier' || name === 'key')) {
    return newReading(property, name, '')
  }
  if (path.length === 3 && root === 'identity' && name === 'traits') {
    return newReading(property, 'trait', trait)
  }
  return newReading(property, 'nowhere', '')
}

function newReading(property: string, place: Place, detail: string): Reading {
  return {
    property,
    traitFirst: property !== '' && !(place === 'trait' && detail === property),
    place,
    isHashKey: place === 'key' && property === '',
    detail,
    stamp: 0,
    kind: UNSET,
    number: 0.5,
    text: '',
    version: null,
    versionStamp: 0,
  }
}

/** Brings the reading up to date with the evaluation in progress. */
export function read(reading: Reading, run: Run): Reading {
  if (reading.stamp !== run.stamp) {
    reading.stamp = run.stamp
    if (reading.isHashKey && run.isComposite) {
      // It contains an underscore, so that it is no number.
      reading.kind = TEXT
      reading.text = run.key
    } else normalise(reading, lookUp(reading, run))
  }
  return reading
}

function lookUp(reading: Reading, run: Run): TraitValue {
  const identity = run.identity
  if (identity === null) return reading.place === 'constant' ? reading.detail : null
  if (reading.traitFirst) {
    const own = identity.traits.get(reading.property)
    if (own !== undefined && own !== null) return own
  }
  switch (reading.place) {
    case 'trait':
      return identity.traits.get(reading.detail) ?? null
    case 'identifier':
      return identity.identifier
    case 'key':
      return run.key
    case 'constant':
      return reading.detail
    case 'nowhere':
      return null
  }
}

function normalise(reading: Reading, value: TraitValue): void {
  if (typeof value === 'string') normaliseText(reading, value)
  else if (typeof value === 'number') {
    reading.kind = Number.isSafeInteger(value) ? INTEGER : FLOAT
    reading.number = value
  } else if (typeof value === 'boolean') {
    reading.kind = BOOLEAN
    reading.number = value ? 1 : 0
  } else reading.kind = UNSET
}

/** Texts that look like plain numbers are numbers to every operator (§5.4, gotcha 36). */
function normaliseText(reading: Reading, text: string): void {
  const kind = kindOf(text)
  reading.kind = kind
  if (kind === TEXT) reading.text = text
  else {
    reading.number = Number(text)
    if (kind === FLOAT) return
    reading.text = Number.isSafeInteger(reading.number) ? '' : canonicalInteger(text)
  }
}

/** `-?[0-9]+` is an integer, and with `\.[0-9]+` behind it a float. */
function kindOf(text: string): Kind {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0
  const whole = skipDigits(text, start)
  if (whole === start) return TEXT
  if (whole === text.length) return INTEGER
  if (text.charCodeAt(whole) !== POINT) return TEXT
  const end = skipDigits(text, whole + 1)
  return end > whole + 1 && end === text.length ? FLOAT : TEXT
}

function skipDigits(text: string, from: number): number {
  let at = from
  while (at < text.length && (text.charCodeAt(at) ^ 0x30) < 10) at++
  return at
}

/** The value as the reference engine prints it (§5.5, REGEX; §5.7). */
export function textOf(reading: Reading): string {
  switch (reading.kind) {
    case TEXT:
      return reading.text
    case INTEGER:
      return Number.isSafeInteger(reading.number) ? `${reading.number}` : reading.text
    case FLOAT:
      return floatText(reading.number)
    case BOOLEAN:
      return reading.number === 1 ? 'True' : 'False'
    case UNSET:
      return ''
  }
}

/** The text as a version, parsed at most once per evaluation. */
export function versionOf(reading: Reading): Version | null {
  if (reading.versionStamp !== reading.stamp) {
    reading.versionStamp = reading.stamp
    reading.version = parseVersion(reading.text)
  }
  return reading.version
}
