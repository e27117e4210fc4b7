/**
 * The descriptions of the two OFREP routes. They are registered for the API's page and not run: the
 * handlers read the body themselves, in the specification's words and without a schema's cost.
 */
import { createRoute, z } from '@hono/zod-openapi'
import {
  bulkEvaluation,
  bulkFailure,
  evaluation,
  evaluationFailure,
  evaluationRequest,
  generalError,
  notFoundFailure,
} from './schemas.ts'

const tags = ['OpenFeature']

const content = (schema: z.ZodType) => ({ 'application/json': { schema } })
const answer = (description: string, schema: z.ZodType) => ({
  description,
  content: content(schema),
})

const request = { body: { content: content(evaluationRequest), required: false } }

const refusals = {
  401: answer('No environment key, or one that is not valid.', generalError),
  403: answer('The organisation is stopped.', generalError),
}

export const evaluateFlag = createRoute({
  method: 'post',
  path: '/evaluate/flags/{key}',
  tags,
  summary: 'Evaluate one flag',
  request: { ...request, params: z.object({ key: z.string() }) },
  responses: {
    200: answer('The flag for this context.', evaluation),
    400: answer('The body or the context cannot be used.', evaluationFailure),
    404: answer('The environment serves no such flag to this key.', notFoundFailure),
    500: answer('The server failed.', evaluationFailure),
    ...refusals,
  },
})

export const evaluateFlags = createRoute({
  method: 'post',
  path: '/evaluate/flags',
  tags,
  summary: 'Evaluate all flags',
  request: { ...request, headers: z.object({ 'If-None-Match': z.string().optional() }) },
  responses: {
    200: {
      ...answer('All flags for this context.', bulkEvaluation),
      headers: z.object({ ETag: z.string() }),
    },
    304: { description: 'The evaluation is the one that If-None-Match names.' },
    400: answer('The body or the context cannot be used.', bulkFailure),
    500: answer('The server failed.', bulkFailure),
    ...refusals,
  },
})
