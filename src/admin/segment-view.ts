/** Segments and their rule trees, as sent and as answered: contract admin-api §B.7. */
import { z } from '@hono/zod-openapi'
import { blankText, exactText, id, text, toTimestamp } from '../http/fields.ts'
import type { Segment } from '../storage/segments.ts'
import { noMetadata } from './no-metadata.ts'

const ruleType = z.enum(['ALL', 'ANY', 'NONE'])

const operator = z.enum([
  'EQUAL',
  'NOT_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_INCLUSIVE',
  'LESS_THAN',
  'LESS_THAN_INCLUSIVE',
  'CONTAINS',
  'NOT_CONTAINS',
  'REGEX',
  'PERCENTAGE_SPLIT',
  'MODULO',
  'IS_SET',
  'IS_NOT_SET',
  'IN',
])

/** What else was sent with a rule or a condition is kept and shown. */
const conditionSchema = z.looseObject({
  id: z.int(),
  operator,
  property: z.string().nullable(),
  value: z.string().nullable(),
})

const childSchema = z.looseObject({
  id: z.int(),
  type: ruleType,
  conditions: z.array(conditionSchema),
})

const ruleSchema = childSchema.extend({ rules: z.array(childSchema) })

export const segmentSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    project: z.int(),
    feature: z.int().nullable(),
    version_of: z.int(),
    rules: z.array(ruleSchema),
    metadata: z.array(z.unknown()),
    membership_counts: z.array(z.unknown()),
    managed_by: z.string(),
  })
  .openapi('Segment')

/** The tree was checked when it was stored. No revisions are kept: a segment is its own version. */
export const segmentView = (segment: Segment): z.infer<typeof segmentSchema> => ({
  id: segment.id,
  uuid: segment.uuid,
  created_at: toTimestamp(segment.createdAt),
  updated_at: toTimestamp(segment.updatedAt),
  name: segment.name,
  description: segment.description,
  project: segment.projectId,
  feature: segment.featureId,
  version_of: segment.id,
  rules: segment.rules as z.infer<typeof ruleSchema>[],
  metadata: [],
  membership_counts: [],
  managed_by: '',
})

const isDropped = (item: unknown) =>
  typeof item === 'object' && item !== null && 'delete' in item && item.delete === true

/** Items marked `"delete": true` count as not sent, whatever else is in them. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (input) => (Array.isArray(input) ? input.filter((part) => !isDropped(part)) : input),
    z.array(item),
  )

/** A list that may be missing or null: clients leave out what is empty. */
const optionalListOf = <T extends z.ZodType>(item: T) =>
  listOf(item)
    .nullish()
    .transform((items) => items ?? [])

const isScalar = (item: unknown) => item === null || typeof item !== 'object'

/**
 * Values are text to the engine. Booleans get the spelling of the original's language; a list of
 * scalars stays JSON, which IN reads. A whole number beyond 53 bits is refused: JSON's reader has rounded it.
 */
function toValueText(input: unknown): unknown {
  if (typeof input === 'boolean') return input ? 'True' : 'False'
  if (typeof input === 'number') {
    return Number.isInteger(input) && !Number.isSafeInteger(input) ? input : String(input)
  }
  return Array.isArray(input) && input.every(isScalar) ? JSON.stringify(input) : input
}

const optionalText = (schema: z.ZodType<string>) =>
  z.preprocess(toValueText, schema.nullish()).transform((value): string | null => value ?? null)

/** Blank and missing properties are accepted (contract §F 4): not every operator has one. */
const conditionBody = z
  .looseObject({
    operator,
    property: optionalText(exactText(1000)),
    value: optionalText(exactText(1000)),
  })
  .transform(({ id: _, delete: __, ...condition }) => condition)

const rulePart = { type: ruleType, conditions: optionalListOf(conditionBody) }

const childBody = z
  .looseObject({ ...rulePart, rules: listOf(z.unknown()).nullish() })
  .transform(({ id: _, delete: __, ...rule }) => rule)

const ruleBody = z
  .looseObject({
    type: ruleType,
    rules: optionalListOf(childBody),
    conditions: rulePart.conditions,
  })
  .transform(({ id: _, delete: __, ...rule }) => rule)

/** `project` is the path's; ids of rules and conditions are ours. */
export const segmentBody = z.object({
  name: text(2000),
  description: blankText(20000).nullish(),
  rules: listOf(ruleBody),
  feature: id().nullish(),
  metadata: noMetadata.optional(),
})
