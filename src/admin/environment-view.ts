/** An environment as admin answers show it: contract admin-api §B.4. */
import { z } from '@hono/zod-openapi'
import { environmentView } from '../delivery/place-views.ts'
import type { Environment } from '../storage/environments.ts'

export const environmentSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    name: z.string(),
    api_key: z.string(),
    description: z.string().nullable(),
    project: z.int(),
    minimum_change_request_approvals: z.int().nullable(),
    allow_client_traits: z.boolean(),
    banner_text: z.string().nullable(),
    banner_colour: z.string().nullable(),
    hide_disabled_flags: z.boolean().nullable(),
    hide_sensitive_data: z.boolean(),
    use_identity_composite_key_for_hashing: z.boolean(),
    use_mv_v2_evaluation: z.boolean(),
    use_identity_overrides_in_local_eval: z.boolean(),
    use_v2_feature_versioning: z.boolean(),
    is_creating: z.boolean(),
  })
  .openapi('Environment')

export const environmentDetailSchema = environmentSchema
  .extend({ metadata: z.array(z.unknown()), total_segment_overrides: z.int() })
  .openapi('EnvironmentDetail')

export const environmentDetailView = (
  environment: Environment,
  segmentOverrides: number,
): z.infer<typeof environmentDetailSchema> => ({
  ...environmentView(environment),
  metadata: [],
  total_segment_overrides: segmentOverrides,
})
