/** The shapes that SDK endpoints take and give, for the API's description (contract sdk-api §2). */
import { z } from '@hono/zod-openapi'

const value = z.union([z.string(), z.int(), z.boolean()]).nullable()
const traitValue = z.union([z.string(), z.number(), z.boolean()])

export const detail = z.object({ detail: z.string() }).openapi('SdkDetail')
export const fieldErrors = z.record(z.string(), z.unknown()).openapi('SdkFieldErrors')

export const flag = z
  .object({
    id: z.int().nullable(),
    feature: z.object({
      id: z.int(),
      name: z.string(),
      created_date: z.string().nullable(),
      description: z.string().nullable(),
      initial_value: z.string().nullable(),
      default_enabled: z.boolean().nullable(),
      type: z.enum(['STANDARD', 'MULTIVARIATE']),
    }),
    feature_state_value: value,
    environment: z.int().nullable(),
    identity: z.int().nullable(),
    feature_segment: z.int().nullable(),
    enabled: z.boolean(),
  })
  .openapi('Flag')

const identityFlag = flag.extend({ variant: z.string().nullable() }).openapi('IdentityFlag')

const servedTrait = z
  .object({
    id: z.int().nullable(),
    trait_key: z.string(),
    trait_value: traitValue.nullable(),
    transient: z.boolean(),
  })
  .openapi('Trait')

export const identity = z
  .object({
    identifier: z.string(),
    traits: z.array(servedTrait),
    flags: z.array(identityFlag),
  })
  .openapi('Identity')

const sentTrait = z.object({
  trait_key: z.string().min(1).max(200),
  trait_value: traitValue.nullable(),
  transient: z.boolean().optional(),
})

export const identifyBody = z
  .object({
    identifier: z.string().max(2000).nullish(),
    transient: z.boolean().optional(),
    traits: z.array(sentTrait).max(1000).optional(),
  })
  .openapi('IdentifyBody')

export const bulkBody = z
  .object({ data: z.array(identifyBody).max(100) })
  .openapi('BulkIdentitiesBody')

export const traitOfIdentity = z
  .object({
    identity: z.object({ identifier: z.string() }),
    trait_value: traitValue.nullable(),
    trait_key: z.string(),
  })
  .openapi('TraitOfIdentity')

export const increment = z
  .object({ trait_key: z.string(), increment_by: z.int(), identifier: z.string() })
  .openapi('Increment')

export const incremented = z
  .object({ trait_key: z.string(), trait_value: z.int().nullable(), identifier: z.string() })
  .openapi('Incremented')

export const legacyIdentity = z
  .object({
    flags: z.array(flag),
    traits: z.array(servedTrait),
    segments: z.array(
      z.object({ id: z.int(), name: z.string(), description: z.string().nullable() }),
    ),
  })
  .openapi('LegacyIdentity')

export const multivariateOptions = z
  .object({ control_value: value, options: z.array(z.object({ value })) })
  .openapi('MultivariateOptions')

export const counts = z.record(z.string(), z.int()).openapi('FlagCounts')

export const evaluations = z
  .object({
    evaluations: z.array(
      z.object({
        feature_name: z.string(),
        identity_identifier: z.string().optional(),
        enabled_when_evaluated: z.boolean(),
        count: z.int(),
      }),
    ),
  })
  .openapi('Evaluations')

export const environmentDocument = z
  .object({
    id: z.int(),
    api_key: z.string(),
    project: z.looseObject({ segments: z.array(z.unknown()) }),
    feature_states: z.array(z.unknown()),
    identity_overrides: z.array(z.unknown()),
    name: z.string(),
    allow_client_traits: z.boolean(),
    updated_at: z.string(),
    hide_sensitive_data: z.boolean(),
    hide_disabled_flags: z.boolean().nullable(),
    use_identity_composite_key_for_hashing: z.boolean(),
    use_identity_overrides_in_local_eval: z.boolean(),
  })
  .openapi('EnvironmentDocument')
