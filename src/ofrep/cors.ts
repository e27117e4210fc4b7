/** What browsers may send to the OFREP endpoints and read of their answers. */
import { shareAcrossOrigins } from '../http/cors.ts'

export const cors = shareAcrossOrigins({
  methods: ['POST', 'OPTIONS'],
  headers: [
    'accept',
    'authorization',
    'content-type',
    'if-none-match',
    'x-api-key',
    'x-environment-key',
    'sentry-trace',
    'traceparent',
    'tracestate',
    'baggage',
  ],
  exposed: ['ETag', 'Retry-After'],
})
