/** Feature states in the contract's two value forms, as sent and as answered: admin-api §B.6. */
import { z } from '@hono/zod-openapi'
import type { StateChanges, StateWithShares } from '../domain/feature-states.ts'
import { bool, dateTime, exactText, id, number, text, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import { toFlagValue } from '../storage/values.ts'
import { priority } from './feature-segment-view.ts'
import { ofOneType, typedValue } from './feature-view.ts'
import { maxValueBytes } from './project-view.ts'

export const shareSchema = z.object({
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

export const scalarSchema = z.union([z.string(), z.int(), z.boolean()]).nullable()

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
  identity: state.identityId,
  feature_segment: state.featureSegmentId,
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

/** An identity's override, as the list of them shows it. */
export const identityOverrideSchema = scalarStateSchema
  .extend({ identity: z.object({ id: z.int(), identifier: z.string() }) })
  .openapi('IdentityOverride')

export const identityOverrideView = (
  found: StateWithShares,
): z.infer<typeof identityOverrideSchema> => ({
  ...scalarStateView(found),
  identity: { id: found.state.identityId ?? 0, identifier: found.state.identifier ?? '' },
})

export const segmentOverrideSchema = typedStateSchema
  .omit({ version: true, environment_feature_version: true })
  .extend({
    feature_segment: z.object({
      id: z.int(),
      segment: z.int(),
      priority: z.int(),
      uuid: z.string(),
    }),
  })
  .openapi('SegmentOverride')

export const segmentOverrideView = ({
  link,
  ...found
}: StateWithShares & { link: FeatureSegment }): z.infer<typeof segmentOverrideSchema> => {
  const { version: _, environment_feature_version: __, ...view } = typedStateView(found)
  const { id, segmentId: segment, priority, uuid } = link
  return { ...view, feature_segment: { id, segment, priority, uuid } }
}

const shareBody = z.object({
  multivariate_feature_option: id(),
  percentage_allocation: number(0, 100),
})

/**
 * Changes take effect at once. Clients send back the time they read; one to come asks for a schedule,
 * and whoever asks must not find the change live. A minute is for clocks that differ.
 */
const liveFrom = dateTime().refine((time) => time <= Date.now() + 60_000, {
  error: 'Changes cannot be scheduled: leave this field out, and the change is live at once.',
})

const shared = {
  enabled: bool().optional(),
  live_from: liveFrom.nullish(),
  multivariate_feature_state_values: z.array(shareBody).optional(),
}

const scalarError = `Enter a string of at most ${maxValueBytes} characters, an integer, a boolean or null.`

/** JSON's reader rounds integers beyond 53 bits; storing another number would be a silent error. */
const exactNumber = z.number().refine((value) => Number.isSafeInteger(value) || value % 1 !== 0, {
  error: 'An integer of more than 53 bits must be sent as a string.',
})

export const stateBody = z.object({
  ...shared,
  feature_state_value: z
    .union([exactText(maxValueBytes), exactNumber, z.boolean()], { error: scalarError })
    .nullish(),
})

const typedState = z.object(typedValue).transform(ofOneType)
const typedShared = { ...shared, feature_state_value: typedState.optional() }

export const typedStateBody = z.object({ ...typedShared, feature: id(), environment: id() })

/** Whose override it is; who names both or neither is refused by hand, and so is a missing feature. */
const named = {
  feature: id().nullish(),
  feature_segment: id().nullish(),
  identity: id().nullish(),
  identifier: text(2000).nullish(),
}

export const newScalarOverrideBody = stateBody.extend(named)

/** The environment is checked by hand: the contract answers in its own way without it. */
export const newOverrideBody = z.object({
  ...typedShared,
  ...named,
  environment: id().nullish(),
})

export const segmentOverrideBody = z.object({
  ...typedShared,
  feature_segment: z.object({ segment: id(), priority: priority().nullish() }),
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

type Typed = Shared & { feature_state_value?: z.infer<typeof typedState> | undefined }

export const toTypedChanges = (body: Typed): StateChanges => ({
  ...sharedChanges(body),
  ...(body.feature_state_value === undefined
    ? {}
    : { columns: camelKeys(body.feature_state_value) }),
})
