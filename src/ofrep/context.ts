/**
 * A request's body → its evaluation context: who is asked about, and the traits brought along. What
 * cannot be a trait is left out and not refused, because applications share one context among all
 * the providers they have; only what names the wrong subject, or cannot be read, is an error.
 *
 * | context                                          | becomes                                |
 * |--------------------------------------------------|----------------------------------------|
 * | `targetingKey`: text                             | the identifier, trimmed                |
 * | `targetingKey`: absent, null, blank              | nobody in particular                   |
 * | `targetingKey`: anything else, over 2,000        | INVALID_CONTEXT                        |
 * | characters, with NUL or half a surrogate pair    |                                        |
 * | text, number, boolean                            | a trait for this evaluation            |
 * | null                                             | hides the stored trait of that name    |
 * | object, list, a number beyond all measure        | ignored                                |
 */
import type { TraitValue } from '../engine/index.ts'
import type { Failure } from './failure.ts'

export type Context = { targetingKey: string | null; traits: ReadonlyMap<string, TraitValue> }

/** Far beyond any context, and little enough to parse within a request's share of time. */
export const maxBodyBytes = 100_000
const maxIdentifierLength = 2_000

const invalid = (errorDetails: string): Failure => ({ errorCode: 'INVALID_CONTEXT', errorDetails })
const tooLarge = invalid(`The request body is larger than the ${maxBodyBytes} bytes allowed.`)
const unreadable: Failure = {
  errorCode: 'PARSE_ERROR',
  errorDetails: 'The request body is not valid JSON.',
}

/** Undefined as soon as there is more than allowed: the rest is not read. */
async function boundedText(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  if (body === null) return ''
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let text = ''
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBodyBytes) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

const integer = /^-?\d+$/
/** Only then does a number's text say more than its value. */
const needsSource = /\d[.eE]|\d{16}/

/** Keeps `5.0` apart from `5` and all digits of large integers, in the texts the engine reads so. */
function keepNumber(name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || name === 'targetingKey') return value
  if (integer.test(source)) return Number.isSafeInteger(value) ? value : source
  return Number.isSafeInteger(value) ? `${value}.0` : value
}

const parse = (text: string): unknown =>
  needsSource.test(text) ? JSON.parse(text, keepNumber) : JSON.parse(text)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTrait = (value: unknown): value is TraitValue =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value))

/** Null for nobody in particular, undefined for what no identity can be called. */
function readTargetingKey(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') return undefined
  const identifier = value.trim()
  if (identifier.length > maxIdentifierLength) return undefined
  // The database would keep neither as it is, and so find somebody else.
  if (identifier.includes('\0') || !identifier.isWellFormed()) return undefined
  return identifier === '' ? null : identifier
}

function toContext(body: unknown): Context | Failure {
  if (!isRecord(body)) return invalid('The request body must be a JSON object.')
  const context = body.context ?? {}
  if (!isRecord(context)) return invalid('context must be a JSON object.')
  const targetingKey = readTargetingKey(context.targetingKey)
  if (targetingKey === undefined) {
    return invalid(
      `targetingKey must be text of at most ${maxIdentifierLength} well-formed characters.`,
    )
  }
  const traits = new Map<string, TraitValue>()
  for (const [name, value] of Object.entries(context)) {
    if (name !== 'targetingKey' && isTrait(value)) traits.set(name, value)
  }
  return { targetingKey, traits }
}

/** An empty body is an empty context. */
export async function readContext(request: Request): Promise<Context | Failure> {
  // What announces it is not read at all: a body given up half-way ends the connection it came on.
  if (Number(request.headers.get('Content-Length')) > maxBodyBytes) return tooLarge
  try {
    const text = await boundedText(request.body)
    if (text === undefined) return tooLarge
    return toContext(text === '' ? {} : parse(text))
  } catch {
    return unreadable
  }
}
