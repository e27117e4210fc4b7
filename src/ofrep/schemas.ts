/** The shapes of OFREP's requests and answers, for the API's description; nothing is parsed by them. */
import { z } from '@hono/zod-openapi'

const key = z.string().openapi({ description: 'The name of the feature.' })

export const evaluationRequest = z
  .object({
    context: z
      .looseObject({
        targetingKey: z.string().max(2_000).nullish().openapi({ description: 'The identifier.' }),
      })
      .openapi({ description: 'Text, numbers and booleans are traits for this evaluation.' })
      .nullish(),
  })
  .openapi('OfrepRequest')

export const evaluation = z
  .strictObject({
    key,
    reason: z.enum(['STATIC', 'DEFAULT', 'TARGETING_MATCH', 'SPLIT', 'DISABLED']),
    variant: z.string().optional(),
    metadata: z.strictObject({
      featureId: z.int(),
      enabled: z.boolean(),
      reason: z.string().optional().openapi({ description: 'For server-side keys only.' }),
    }),
    value: z
      .union([z.boolean(), z.string(), z.number(), z.record(z.string(), z.unknown())])
      .optional()
      .openapi({ description: 'Left out: the caller uses its own default.' }),
  })
  .openapi('OfrepEvaluation')

export const bulkEvaluation = z
  .strictObject({ flags: z.array(evaluation) })
  .openapi('OfrepBulkEvaluation')

const errorDetails = z.string()

export const generalError = z.strictObject({ errorDetails }).openapi('OfrepError')

const errorCode = z.enum(['PARSE_ERROR', 'INVALID_CONTEXT', 'GENERAL'])

export const evaluationFailure = z
  .strictObject({ key, errorCode, errorDetails })
  .openapi('OfrepEvaluationFailure')

export const notFoundFailure = z
  .strictObject({ key, errorCode: z.literal('FLAG_NOT_FOUND'), errorDetails })
  .openapi('OfrepFlagNotFound')

export const bulkFailure = z.strictObject({ errorCode, errorDetails }).openapi('OfrepBulkFailure')
