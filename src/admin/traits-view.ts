/** Traits in the contract's typed columns, as sent and as answered: admin-api §B.8. */
import { z } from '@hono/zod-openapi'
import { bool, exactText, int, number, text, toTimestamp } from '../http/fields.ts'
import { invalid, type Outcome, ok } from '../outcome.ts'
import type { Trait } from '../storage/identities.ts'
import { readTypedTrait, type TraitType, type TypedTrait, traitJson } from '../storage/traits.ts'

const types = ['unicode', 'int', 'bool', 'float'] as const

export const traitSchema = z
  .object({
    id: z.int(),
    trait_key: z.string(),
    value_type: z.enum(types),
    integer_value: z.int().nullable(),
    string_value: z.string().nullable(),
    boolean_value: z.boolean().nullable(),
    float_value: z.number().nullable(),
    created_date: z.string(),
  })
  .openapi('StoredTrait')

export function traitView(trait: Trait): z.infer<typeof traitSchema> {
  const { type, value } = readTypedTrait(trait.value)
  return {
    id: trait.id,
    trait_key: trait.key,
    value_type: type,
    integer_value: type === 'int' ? value : null,
    string_value: type === 'unicode' ? value : null,
    boolean_value: type === 'bool' ? value : null,
    float_value: type === 'float' ? value : null,
    created_date: toTimestamp(trait.createdAt),
  }
}

/** Keys and texts are as long as those that SDKs may send. */
export const traitBody = z.object({
  trait_key: text(200),
  value_type: z.enum(types).optional(),
  string_value: exactText(2000).nullish(),
  integer_value: int(-2147483648, 2147483647).nullish(),
  boolean_value: bool().nullish(),
  float_value: number(-Number.MAX_VALUE, Number.MAX_VALUE).nullish(),
})

type Sent = Omit<z.infer<typeof traitBody>, 'trait_key'>

const columns = {
  unicode: 'string_value',
  int: 'integer_value',
  bool: 'boolean_value',
  float: 'float_value',
} as const

/** What clients leave out because it is empty: Go's encoder never sends false, 0 or "". */
const empty: Record<TraitType, TypedTrait> = {
  unicode: { type: 'unicode', value: '' },
  int: { type: 'int', value: 0 },
  bool: { type: 'bool', value: false },
  float: { type: 'float', value: 0 },
}

/** The value in the type's own column; undefined if nothing was sent there. */
function valueIn(sent: Sent, type: TraitType): TypedTrait | undefined {
  const value = sent[columns[type]]
  return value == null ? undefined : ({ type, value } as TypedTrait)
}

/**
 * The value that a body asks for, as JSON text; undefined: the present one stays. The type may be left
 * out where a single value tells it, and of a new trait or a new type the value where it is empty.
 */
export function askedValue(sent: Sent, present?: TypedTrait): Outcome<string | undefined> {
  const filled = types.filter((type) => valueIn(sent, type) !== undefined)
  const [only] = filled
  const type =
    sent.value_type ?? (filled.length === 1 ? only : undefined) ?? present?.type ?? 'unicode'
  const value = valueIn(sent, type)
  if (value !== undefined) return ok(traitJson(value))
  if (filled.length > 0) return invalid({ [columns[type]]: ['This field is required.'] })
  return ok(type === present?.type ? undefined : traitJson(empty[type]))
}
