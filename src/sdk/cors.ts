/** What browsers may send to the SDK endpoints and read of their answers. Contract sdk-api §1.5. */
import { shareAcrossOrigins, sharedHeaders } from '../http/cors.ts'

const sharing = {
  methods: ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
  headers: [
    'accept',
    'accept-encoding',
    'authorization',
    'content-type',
    'dnt',
    'if-none-match',
    'origin',
    'user-agent',
    'x-csrftoken',
    'x-requested-with',
    'sentry-trace',
    'traceparent',
    'tracestate',
    'baggage',
    'x-environment-key',
    'x-e2e-test-auth-token',
    'flagsmith-application-name',
    'flagsmith-application-version',
    'flagsmith-sdk-user-agent',
  ],
  exposed: ['Retry-After', 'ETag', 'X-Flagsmith-Document-Updated-At'],
}

export const corsHeaders = sharedHeaders(sharing)
export const cors = shareAcrossOrigins(sharing)
