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

/** JSON's reader rounds whole numbers beyond 53 bits: their text would be that of another number. */
export const isExact = (input: number): boolean =>
  Number.isFinite(input) && (Number.isSafeInteger(input) || !Number.isInteger(input))

const asText = (input: unknown) => {
  if (typeof input === 'number') return isExact(input) ? String(input) : input
  return typeof input === 'string' ? input.trim() : input
}

const nul = String.fromCharCode(0)
const loneSurrogate = /\p{Surrogate}/u

/** Text that any store and any client can carry; its length counts code points, as the original's. */
const sound = (schema: z.ZodString, max: number) =>
  schema
    .refine((value) => value.length <= max || [...value].length <= max, {
      error: `Ensure this field has no more than ${max} characters.`,
    })
    .refine((value) => !value.includes(nul), { error: 'Null characters are not allowed.' })
    .refine((value) => !loneSurrogate.test(value), {
      error: ({ input }) => {
        const code = loneSurrogate.exec(String(input))?.[0].charCodeAt(0).toString(16)
        return `Surrogate characters are not allowed: U+${code?.toUpperCase()}.`
      },
    })
    .openapi({ maxLength: max })

/** Trimmed text that may not be blank; numbers are taken as their text. */
export const text = (max: number) => z.preprocess(asText, sound(z.string().min(1), max))

/** Trimmed text that may be blank. */
export const blankText = (max: number) => z.preprocess(asText, sound(z.string(), max))

/** Trimmed text or null; blank text is null, because some clients cannot send null. */
export const textOrNull = (max: number) =>
  blankText(max)
    .nullable()
    .transform((value) => (value === '' ? null : value))

/** Text as it was sent, space and all. */
export const exactText = (max: number) => sound(z.string(), max)

const noInteger = 'A valid integer is required.'

/** What is missing, null or out of range has its own words. */
const wrongInteger = (issue: { code: string; input?: unknown }) =>
  issue.code === 'invalid_type' && issue.input != null ? noInteger : undefined

/** A whole number, or its decimal text. */
export const int = (min: number, max: number) =>
  z.preprocess(
    (input) => (typeof input === 'string' && /^-?\d+$/.test(input) ? Number(input) : input),
    z
      .number({ error: wrongInteger })
      .multipleOf(1, noInteger)
      .min(min)
      .max(max)
      .openapi({ type: 'integer' }),
  )

/** A number, or its decimal text. */
export const number = (min: number, max: number) =>
  z.preprocess(
    (input) => (typeof input === 'string' && /^-?\d+(\.\d+)?$/.test(input) ? Number(input) : input),
    z.number().min(min).max(max),
  )

export const maxId = 2147483647

/** A public id: a positive 32-bit integer. */
export const id = () => int(1, maxId)

/** An id as it stands in a URL; what is none is 0, which names nothing. */
export const pathId = (text: string | undefined): number =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : 0

/** A date and time with the seconds and the zone that it may leave out; without one it is UTC. */
function completeTime(input: unknown): unknown {
  if (typeof input !== 'string') return input
  const withSeconds = input.replace(/(T\d\d:\d\d)(?=$|Z|[+-])/, '$1:00')
  return /(Z|[+-]\d\d:\d\d)$/.test(withSeconds) ? withSeconds : `${withSeconds}Z`
}

/** An ISO 8601 date and time in the forms that its error names; becomes epoch milliseconds. */
export const dateTime = () =>
  z.preprocess(
    completeTime,
    z.iso.datetime({ offset: true }).transform((value) => Date.parse(value)),
  )

/** Epoch milliseconds as the contract writes them: microseconds and `Z`. */
export const toTimestamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace('Z', '000Z')
