/** Features and their options as admin answers show them: contract admin-api §B.5. */
import { z } from '@hono/zod-openapi'
import type { OptionInput } from '../domain/multivariate-options.ts'
import { bool, exactText, id, int, number, text, toTimestamp } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import type { Owner } from '../storage/feature-owners.ts'
import type { MultivariateOption } from '../storage/features.ts'
import type { ValueType } from '../storage/values.ts'
import type { WholeFeature } from '../storage/whole-features.ts'
import { personFields, personView } from './person-view.ts'
import { maxValueBytes } from './project-view.ts'

export const optionSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    type: z.enum(['unicode', 'int', 'bool']),
    integer_value: z.int().nullable(),
    string_value: z.string().nullable(),
    boolean_value: z.boolean().nullable(),
    default_percentage_allocation: z.number(),
    key: z.string().nullable(),
  })
  .openapi('MultivariateOption')

const stateOfEnvironment = z
  .object({
    id: z.int(),
    feature_state_value: z.union([z.string(), z.int(), z.boolean()]).nullable(),
    environment: z.int(),
    identity: z.int().nullable(),
    feature_segment: z.int().nullable(),
    enabled: z.boolean(),
  })
  .nullable()

const ownerSchema = z
  .object({
    ...personFields,
    uuid: z.string(),
  })
  .openapi('FeatureOwner')

const groupOwnerSchema = z.object({ id: z.int(), name: z.string() }).openapi('FeatureGroupOwner')

export const featureSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    name: z.string(),
    type: z.enum(['STANDARD', 'MULTIVARIATE']),
    default_enabled: z.boolean(),
    initial_value: z.string().nullable(),
    created_date: z.string(),
    description: z.string().nullable(),
    tags: z.array(z.int()),
    multivariate_options: z.array(optionSchema),
    is_archived: z.boolean(),
    is_server_key_only: z.boolean(),
    project: z.int(),
    owners: z.array(ownerSchema),
    group_owners: z.array(groupOwnerSchema),
    environment_feature_state: stateOfEnvironment,
    segment_feature_state: stateOfEnvironment,
    num_segment_overrides: z.int(),
    num_identity_overrides: z.int(),
    is_num_identity_overrides_complete: z.boolean(),
    metadata: z.array(z.unknown()),
    code_references_counts: z.array(z.unknown()),
  })
  .openapi('Feature')

export const optionView = (option: MultivariateOption): z.infer<typeof optionSchema> => ({
  id: option.id,
  uuid: option.uuid,
  type: option.type,
  integer_value: option.integerValue,
  string_value: option.stringValue,
  boolean_value: option.booleanValue,
  default_percentage_allocation: option.defaultPercentageAllocation,
  key: option.key,
})

const ownerView = (owner: Owner): z.infer<typeof ownerSchema> => ({
  ...personView(owner),
  uuid: owner.uuid,
})

export const featureView = ({
  feature,
  options,
  tags,
  owners,
  groupOwners,
}: WholeFeature): z.infer<typeof featureSchema> => ({
  id: feature.id,
  uuid: feature.uuid,
  name: feature.name,
  type: feature.type,
  default_enabled: feature.defaultEnabled,
  initial_value: feature.initialValue,
  created_date: toTimestamp(feature.createdAt),
  description: feature.description,
  tags,
  multivariate_options: options.map(optionView),
  is_archived: feature.isArchived,
  is_server_key_only: feature.isServerKeyOnly,
  project: feature.projectId,
  owners: owners.map(ownerView),
  group_owners: groupOwners.map(({ id, name }) => ({ id, name })),
  environment_feature_state: null,
  segment_feature_state: null,
  num_segment_overrides: 0,
  num_identity_overrides: 0,
  is_num_identity_overrides_complete: true,
  metadata: [],
  code_references_counts: [],
})

/** A value with its type beside it; the type says which of the three columns counts. */
export const typedValue = {
  type: z.enum(['unicode', 'int', 'bool']).optional(),
  string_value: exactText(maxValueBytes).nullish(),
  integer_value: int(-2147483648, 2147483647).nullish(),
  boolean_value: bool().nullish(),
}

type Typed = {
  type?: ValueType | undefined
  string_value?: string | null | undefined
  integer_value?: number | null | undefined
  boolean_value?: boolean | null | undefined
}

const columnOf = {
  unicode: 'string_value',
  int: 'integer_value',
  bool: 'boolean_value',
} as const satisfies Record<ValueType, keyof Typed>

const valueTypes = ['unicode', 'int', 'bool'] as const

/**
 * A value in another field than its type's would be lost. Without a type it is of the type of the one
 * field that is there; a type whose own field is missing is refused if another field has something to
 * say (some clients send 0, false or blank text for nothing).
 */
export function ofOneType<T extends Typed>(sent: T, context: z.core.$RefinementCtx): T {
  const { type } = sent
  if (type === undefined) {
    const [only, ...others] = valueTypes.filter((each) => sent[columnOf[each]] != null)
    return only === undefined || others.length > 0 ? sent : { ...sent, type: only }
  }
  if (sent[columnOf[type]] == null && valueTypes.some((each) => sent[columnOf[each]])) {
    const message = `The value of the type "${type}" stands in this field.`
    context.addIssue({ code: 'custom', path: [columnOf[type]], message })
  }
  return sent
}

/** What may be sent of an option, wherever it is sent. */
export const optionFields = {
  ...typedValue,
  default_percentage_allocation: number(0, 100).optional(),
  key: text(255)
    .refine((key) => /^[\w-]+$/.test(key), {
      error: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
    })
    .nullish(),
}

/** An `id` means an option that is there already; it counts in updates only. */
const optionBody = z
  .object({
    id: id()
      .nullish()
      .transform((value) => value ?? undefined),
    ...optionFields,
  })
  .transform(ofOneType)

/** Ids of tags or owners; the contract names no limit. */
export const idList = z.array(id()).max(100)

/** The contract names no limit; without one a single request could fill the database. */
export const optionsBody = z
  .array(optionBody)
  .max(100)
  .transform((options) => options.map((option): OptionInput => camelKeys(option)))
