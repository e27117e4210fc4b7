/** What an identity gets of a feature and by which override: contract admin-api §B.8, `all/`. */
import { z } from '@hono/zod-openapi'
import type { Decided } from '../document/identity.ts'
import { scalarSchema, shareSchema } from './feature-state-view.ts'

const overriddenBy = { default: null, segment: 'SEGMENT', identity: 'IDENTITY' } as const

export const decidedSchema = z
  .object({
    feature: z.object({ id: z.int(), name: z.string(), type: z.string() }),
    enabled: z.boolean(),
    feature_state_value: scalarSchema,
    overridden_by: z.enum(['SEGMENT', 'IDENTITY']).nullable(),
    segment: z.object({ id: z.int(), name: z.string() }).nullable(),
    multivariate_feature_state_values: z.array(shareSchema),
  })
  .openapi('DecidedFeature')

export const decidedView = (decided: Decided): z.infer<typeof decidedSchema> => ({
  feature: decided.feature,
  enabled: decided.enabled,
  feature_state_value: decided.value,
  overridden_by: overriddenBy[decided.origin],
  segment: decided.segment,
  multivariate_feature_state_values: decided.variants.map((variant) => ({
    id: variant.id,
    multivariate_feature_option: variant.optionId,
    percentage_allocation: variant.weight,
  })),
})
