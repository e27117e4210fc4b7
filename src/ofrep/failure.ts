/**
 * What an evaluation that did not happen answers, in the specification's shapes. TARGETING_KEY_MISSING
 * is never sent: nobody in particular is served the environment's defaults.
 */
import type { Refused } from './access.ts'

export type ErrorCode = 'PARSE_ERROR' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL'

export type Failure = { errorCode: ErrorCode; errorDetails: string }

const statuses = { PARSE_ERROR: 400, INVALID_CONTEXT: 400, FLAG_NOT_FOUND: 404, GENERAL: 500 }

/** With the flag's key where one flag was asked for. */
export const fail = (failure: Failure, key?: string): Response =>
  Response.json(key === undefined ? failure : { key, ...failure }, {
    status: statuses[failure.errorCode],
  })

export const refuse = ({ status, details }: Refused): Response =>
  Response.json(
    { errorDetails: details },
    { status, ...(status === 401 && { headers: { 'WWW-Authenticate': 'Bearer' } }) },
  )

/** Hidden and unknown flags read the same. */
export const flagNotFound: Failure = {
  errorCode: 'FLAG_NOT_FOUND',
  errorDetails: 'The environment serves no flag of this name.',
}
