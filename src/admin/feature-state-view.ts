/** Feature states in the contract's two value forms, as sent and as answered: admin-api §B.6. */
import { z } from '@hono/zod-openapi'
import type { StateChanges, StateWithShares } from '../domain/feature-states.ts'
import { bool, exactText, id, number, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { toFlagValue } from '../storage/values.ts'
import { typedValue } from './feature-view.ts'

const shareSchema = z.object({
  id: z.int(),
  multivariate_feature_option: z.int(),
  percentage_allocation: z.number(),
})

const common = {
  id: z.int(),
  uuid: z.string(),
  multivariate_feature_state_values: z.array(shareSchema),
  enabled: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
  live_from: z.string().nullable(),
  version: z.int().nullable(),
  deleted_at: z.string().nullable(),
  feature: z.int(),
  environment: z.int(),
  identity: z.int().nullable(),
  feature_segment: z.int().nullable(),
  change_request: z.int().nullable(),
  environment_feature_version: z.string().nullable(),
}

const typedValueSchema = z.object({
  type: z.enum(['unicode', 'int', 'bool']),
  string_value: z.string().nullable(),
  integer_value: z.int().nullable(),
  boolean_value: z.boolean().nullable(),
})

const scalarSchema = z.union([z.string(), z.int(), z.boolean()]).nullable()

export const scalarStateSchema = z
  .object({ ...common, feature_state_value: scalarSchema })
  .openapi('FeatureState')

export const typedStateSchema = z
  .object({ ...common, feature_state_value: typedValueSchema })
  .openapi('TypedFeatureState')

const commonView = ({ state, shares }: StateWithShares) => ({
  id: state.id,
  uuid: state.uuid,
  multivariate_feature_state_values: shares.map((share) => ({
    id: share.id,
    multivariate_feature_option: share.optionId,
    percentage_allocation: share.percentageAllocation,
  })),
  enabled: state.enabled,
  created_at: toTimestamp(state.createdAt),
  updated_at: toTimestamp(state.updatedAt),
  live_from: toTimestamp(state.createdAt),
  version: 1,
  deleted_at: null,
  feature: state.featureId,
  environment: state.environmentId,
  identity: null,
  feature_segment: null,
  change_request: null,
  environment_feature_version: null,
})

export const scalarStateView = (found: StateWithShares): z.infer<typeof scalarStateSchema> => ({
  ...commonView(found),
  feature_state_value: toFlagValue(found.state),
})

export const typedStateView = (found: StateWithShares): z.infer<typeof typedStateSchema> => ({
  ...commonView(found),
  feature_state_value: {
    type: found.state.type,
    string_value: found.state.stringValue,
    integer_value: found.state.integerValue,
    boolean_value: found.state.booleanValue,
  },
})

const shareBody = z.object({
  multivariate_feature_option: id(),
  percentage_allocation: number(0, 100),
})

const shared = {
  enabled: bool().optional(),
  multivariate_feature_state_values: z.array(shareBody).optional(),
}

const scalarError = 'Enter a string of at most 20000 characters, an integer, a boolean or null.'

/** JSON's reader rounds integers beyond 53 bits; storing another number would be a silent error. */
const exactNumber = z.number().refine((value) => Number.isSafeInteger(value) || value % 1 !== 0, {
  error: 'An integer of more than 53 bits must be sent as a string.',
})

export const stateBody = z.object({
  ...shared,
  feature_state_value: z
    .union([exactText(20000), exactNumber, z.boolean()], { error: scalarError })
    .nullish(),
})

export const typedStateBody = z.object({
  ...shared,
  feature: id(),
  environment: id(),
  feature_state_value: z.object(typedValue).optional(),
})

type Shared = {
  enabled?: boolean | undefined
  multivariate_feature_state_values?: z.infer<typeof shareBody>[] | undefined
}

const sharedChanges = (body: Shared): StateChanges => ({
  ...(body.enabled === undefined ? {} : { enabled: body.enabled }),
  ...(body.multivariate_feature_state_values === undefined
    ? {}
    : {
        shares: body.multivariate_feature_state_values.map((share) => ({
          optionId: share.multivariate_feature_option,
          percentageAllocation: share.percentage_allocation,
        })),
      }),
})

/** What the body leaves out keeps its value; null is a value. */
export const toChanges = (body: z.infer<typeof stateBody>): StateChanges => ({
  ...sharedChanges(body),
  ...(body.feature_state_value === undefined ? {} : { value: body.feature_state_value }),
})

export const toTypedChanges = (body: z.infer<typeof typedStateBody>): StateChanges => ({
  ...sharedChanges(body),
  ...(body.feature_state_value === undefined
    ? {}
    : { columns: camelKeys(body.feature_state_value) }),
})
