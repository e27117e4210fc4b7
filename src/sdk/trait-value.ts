/**
 * A trait's value as it is sent → the JSON text that is stored and answered, in which `5.0` stays a
 * float, and what the engine takes; or why it cannot be one. Contract sdk-api §2.2.
 */
import type { TraitValue } from '../engine/index.ts'
import { type Field, fail, faultsOf, notInRange } from './fields.ts'
import { floatOf, floatText } from './json.ts'
import { pythonText } from './python-text.ts'

/** `null` is a value, and means to delete. */
export type JsonValue = { json: string; value: TraitValue }

const maxText = 2_000
const tooLong = () => 'Value string is too long. Must be less than 2000 character'

const textValue = (value: string): Field<JsonValue> => {
  const errors = faultsOf(value, maxText, tooLong)
  return errors === undefined ? { value: { json: JSON.stringify(value), value } } : { errors }
}

/** The engine tells a whole float from an integer by its text. What is not finite has no JSON. */
function floatValue(value: number): Field<JsonValue> {
  if (!Number.isFinite(value)) return fail('A valid number is required.')
  const json = floatText(value)
  return { value: { json, value: Number.isSafeInteger(value) ? json : value } }
}

function integerValue(input: number): Field<JsonValue> {
  if (input > 2147483647 || input < -2147483648) return fail(notInRange(input > 0))
  const value = input === 0 ? 0 : input
  return { value: { json: `${value}`, value } }
}

/** Any JSON value. Lists and objects are stored as text, not refused (gotcha 13). */
export function readTraitJson(input: unknown): Field<JsonValue> {
  switch (typeof input) {
    case 'string':
      return textValue(input)
    case 'boolean':
      return { value: { json: `${input}`, value: input } }
    case 'bigint':
      return fail(notInRange(input > 0))
    case 'number':
      return Number.isInteger(input) ? integerValue(input) : floatValue(input)
    case 'undefined':
      return fail('This field is required.')
    default: {
      if (input === null) return { value: { json: 'null', value: null } }
      const float = floatOf(input)
      return float === undefined ? textValue(pythonText(input, maxText)) : floatValue(float)
    }
  }
}
