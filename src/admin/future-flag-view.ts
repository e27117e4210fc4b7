/** A whole flag in one environment as sent and as answered: contract admin-api §B.12. */
import { z } from '@hono/zod-openapi'
import type { StateChanges, StateWithShares } from '../domain/feature-states.ts'
import type { WantedOverride } from '../domain/flag-refusals.ts'
import type { WholeFlag } from '../domain/flag-scene.ts'
import { bool, exactText, id, number } from '../http/fields.ts'
import { toFlagValue } from '../storage/values.ts'
import { priority } from './feature-segment-view.ts'
import { maxValueBytes } from './project-view.ts'

const valueType = z.enum(['integer', 'string', 'boolean'])

const stateSchema = {
  enabled: z.boolean(),
  value: z.object({ type: valueType, value: z.string() }).nullable(),
  variants: z.array(z.object({ id: z.int(), weight: z.number() })),
}

export const flagSchema = z
  .object({
    environment_default: z.object(stateSchema),
    segment_overrides: z.array(
      z.object({ segment: z.object({ id: z.int() }), priority: z.int(), ...stateSchema }),
    ),
  })
  .openapi('Flag')

const typeNames = { unicode: 'string', int: 'integer', bool: 'boolean' } as const

/** An override that is older than a variant gives it nothing: every state shows all variants. */
function stateView({ state, shares }: StateWithShares, variants: number[]) {
  const value = toFlagValue(state)
  const weights = new Map(shares.map((share) => [share.optionId, share.percentageAllocation]))
  return {
    enabled: state.enabled,
    value: value === null ? null : { type: typeNames[state.type], value: String(value) },
    variants: variants.map((variant) => ({ id: variant, weight: weights.get(variant) ?? 0 })),
  }
}

export function flagView({ overrides, ...own }: WholeFlag): z.infer<typeof flagSchema> {
  const variants = own.shares.map((share) => share.optionId)
  return {
    environment_default: stateView(own, variants),
    segment_overrides: overrides.map(({ link, ...override }) => ({
      segment: { id: link.segmentId },
      priority: link.priority,
      ...stateView(override, variants),
    })),
  }
}

const wrongNumber = 'Enter a whole number from -2147483648 to 2147483647.'
const isInt32 = (text: string) => /^-?\d{1,10}$/.test(text) && Number(text) === (Number(text) | 0)

/** A value is always text; the type says what it is to be read as. */
export const valueBody = z
  .object({ type: valueType, value: exactText(maxValueBytes) })
  .refine(({ type, value }) => type !== 'integer' || isInt32(value), {
    path: ['value'],
    error: wrongNumber,
  })
  .refine(({ type, value }) => type !== 'boolean' || /^(true|false)$/i.test(value), {
    path: ['value'],
    error: 'Enter "true" or "false".',
  })
  .transform(({ type, value }) => {
    if (type === 'integer') return Number(value)
    return type === 'boolean' ? value.toLowerCase() === 'true' : value
  })
  .nullable()

const stateBody = {
  enabled: bool().optional(),
  value: valueBody.optional(),
  variants: z
    .array(z.object({ id: id(), weight: number(0, 100) }))
    .max(100)
    .optional(),
}

/** Each override is an entry and an event of its own: a change of more would not fit one batch. */
export const maxOverrides = 100

export const flagBody = z.object({
  environment_default: z.object(stateBody).optional(),
  segment_overrides: z
    .array(
      z.object({
        segment: z.object({ id: id() }),
        priority: priority().nullish(),
        ...stateBody,
      }),
    )
    .max(maxOverrides)
    .optional(),
})

type Sent = NonNullable<z.infer<typeof flagBody>['environment_default']>

/** What the body leaves out stays; null is a value. */
export const toStateChanges = ({ enabled, value, variants }: Sent): StateChanges => ({
  ...(enabled === undefined ? {} : { enabled }),
  ...(value === undefined ? {} : { value }),
  ...(variants === undefined
    ? {}
    : {
        shares: variants.map(({ id: optionId, weight: percentageAllocation }) => ({
          optionId,
          percentageAllocation,
        })),
      }),
})

/** A place in the list is what an override without a priority takes. */
export const toWanted = ({
  environment_default: own,
  segment_overrides: overrides,
}: z.infer<typeof flagBody>) => ({
  ...(own === undefined ? {} : { own: toStateChanges(own) }),
  ...(overrides === undefined
    ? {}
    : {
        overrides: overrides.map(
          (override, position): WantedOverride => ({
            segmentId: override.segment.id,
            position,
            ...(override.priority == null ? {} : { priority: override.priority }),
            changes: toStateChanges(override),
          }),
        ),
      }),
})
