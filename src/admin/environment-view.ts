/** An environment as admin answers show it: contract admin-api §B.4. */
import { z } from '@hono/zod-openapi'
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

/** The light object of lists and audit entries. */
export const environmentView = (environment: Environment): z.infer<typeof environmentSchema> => ({
  id: environment.id,
  uuid: environment.uuid,
  name: environment.name,
  api_key: environment.apiKey,
  description: environment.description,
  project: environment.projectId,
  minimum_change_request_approvals: null,
  allow_client_traits: environment.allowClientTraits,
  banner_text: environment.bannerText,
  banner_colour: environment.bannerColour,
  hide_disabled_flags: environment.hideDisabledFlags,
  hide_sensitive_data: environment.hideSensitiveData,
  use_identity_composite_key_for_hashing: environment.useIdentityCompositeKeyForHashing,
  use_mv_v2_evaluation: environment.useIdentityCompositeKeyForHashing,
  use_identity_overrides_in_local_eval: environment.useIdentityOverridesInLocalEval,
  use_v2_feature_versioning: false,
  is_creating: false,
})

export const environmentDetailView = (
  environment: Environment,
  segmentOverrides: number,
): z.infer<typeof environmentDetailSchema> => ({
  ...environmentView(environment),
  metadata: [],
  total_segment_overrides: segmentOverrides,
})
