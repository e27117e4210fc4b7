/** Field schemas with the leniency of the contract's server: numbers as text, many spellings of true. */
import { z } from '@hono/zod-openapi'

const truths = new Map<unknown, boolean>([
  ...['true', 't', 'yes', 'y', 'on', '1', 1].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', 'off', '0', 0].map((word) => [word, false] as const),
])

/** A boolean, or one of the words that stand for it. */
export const bool = () =>
  z.preprocess((input) => {
    const word = typeof input === 'string' ? input.toLowerCase() : input
    return truths.get(word) ?? input
  }, z.boolean())

const asText = (input: unknown) => {
  if (typeof input === 'number') return String(input)
  return typeof input === 'string' ? input.trim() : input
}

const nul = String.fromCharCode(0)

const noNul = (value: string) => !value.includes(nul)
const nulMessage = { error: 'Null characters are not allowed.' }

/** Trimmed text that may not be blank; numbers are taken as their text. */
export const text = (max: number) =>
  z.preprocess(asText, z.string().min(1).max(max).refine(noNul, nulMessage))

/** Trimmed text that may be blank. */
export const blankText = (max: number) =>
  z.preprocess(asText, z.string().max(max).refine(noNul, nulMessage))

/** A whole number, or its decimal text. */
export const int = (min: number, max: number) =>
  z.preprocess(
    (input) => (typeof input === 'string' && /^-?\d+$/.test(input) ? Number(input) : input),
    z.int().min(min).max(max),
  )

export const maxId = 2147483647

/** A public id: a positive 32-bit integer. */
export const id = () => int(1, maxId)

/** An ISO 8601 date and time with zone; becomes epoch milliseconds. */
export const dateTime = () =>
  z.iso.datetime({ offset: true }).transform((value) => Date.parse(value))

/** Epoch milliseconds as the contract writes them: microseconds and `Z`. */
export const toTimestamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace('Z', '000Z')
