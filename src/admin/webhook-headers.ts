/**
 * Headers that an endpoint wants with every request: which names and values are fine. What delivery says
 * itself, and what belongs to the connection, cannot be set (contract audit-and-webhooks §8.6).
 */
import { z } from '@hono/zod-openapi'
import { type Headers, isMask, maskOf, notASecret } from './webhook-secrets.ts'

const most = 20
const longestName = 100
const longestValue = 1_000

const token = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
/** ASCII, because what lies beyond it is read differently by every receiver. */
const printable = /^[\t\x20-\x7e]*$/

/** Of the connection, or about where a request comes from. */
const ofTheConnection = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'via',
  'forwarded',
  'cookie',
  'cookie2',
  'set-cookie',
  'accept-encoding',
]

const ownWords = [
  'date',
  'user-agent',
  'x-flagsmith-signature',
  'x-environment',
  'x-sequence',
  'x-previous-sequence',
  'x-attempt',
  'x-audit-checkpoint',
  'traceparent',
  'tracestate',
]

const forbiddenNames = new Set([...ofTheConnection, ...ownWords])
const forbiddenStarts = [
  'content-',
  'webhook-',
  'x-flipt-',
  'x-burgee-',
  'x-forwarded-',
  'x-real-',
  'proxy-',
  'sec-',
  'cf-',
]

const isForbidden = (name: string) =>
  forbiddenNames.has(name) || forbiddenStarts.some((start) => name.startsWith(start))

function problemOfName(name: string): string | null {
  if (!token.test(name)) return 'Use letters, digits and "-" for the name of a header.'
  if (name.length > longestName) return `Use a name of at most ${longestName} characters.`
  return isForbidden(name.toLowerCase()) ? 'This header cannot be set.' : null
}

function problemOfValue(value: string): string | null {
  if (value.trim() === '') return 'This field may not be blank.'
  if (value.length > longestValue) return `Use a value of at most ${longestValue} characters.`
  return printable.test(value) ? null : 'Use printable ASCII characters in one line.'
}

export const headersField = () =>
  z
    .record(z.string(), z.string())
    .superRefine((headers, context) => {
      const names = Object.keys(headers)
      const tell = (path: string[], message: string) =>
        context.addIssue({ code: 'custom', path, message })
      if (names.length > most) tell([], `Use at most ${most} headers.`)
      const seen = new Set<string>()
      for (const [name, value] of Object.entries(headers)) {
        const again = seen.has(name.toLowerCase()) ? 'This header is set twice.' : null
        const problem = again ?? problemOfName(name) ?? problemOfValue(value)
        if (problem !== null) tell([name], problem)
        seen.add(name.toLowerCase())
      }
    })
    .openapi({
      description: 'Sent with every request. Answers show the names; values are masked.',
    })

export const maskHeaders = (headers: Headers): Headers =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, maskOf('')]))

/** Masked values are those that are there under the name; the errors name those that are not. */
export function unmaskHeaders(
  sent: Headers,
  present: Headers,
): { headers: Headers; errors: Record<string, string[]> } {
  const known = new Map(
    Object.entries(present).map(([name, value]) => [name.toLowerCase(), value] as const),
  )
  const headers: Headers = {}
  const errors: Record<string, string[]> = {}
  for (const [name, value] of Object.entries(sent)) {
    const kept = isMask(value) ? known.get(name.toLowerCase()) : value
    if (kept === undefined) errors[name] = [notASecret]
    else headers[name] = kept
  }
  return { headers, errors }
}
