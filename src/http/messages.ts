/** The contract's words for what a schema finds wrong (admin-api §0.3, sdk-api §2.2). */
import { z } from '@hono/zod-openapi'

const typeName = (input: unknown): string => {
  if (Array.isArray(input)) return 'list'
  if (typeof input === 'string') return 'str'
  if (typeof input === 'boolean') return 'bool'
  if (typeof input === 'number') return Number.isInteger(input) ? 'int' : 'float'
  return 'dict'
}

function wrongType(expected: string, input: unknown): string | undefined {
  if (input === undefined) return 'This field is required.'
  if (input === null) return 'This field may not be null.'
  switch (expected) {
    case 'string':
      return 'Not a valid string.'
    case 'boolean':
      return 'Must be a valid boolean.'
    case 'int':
      return 'A valid integer is required.'
    case 'number':
      return 'A valid number is required.'
    case 'array':
      return `Expected a list of items but got type "${typeName(input)}".`
    case 'object':
    case 'record':
      return `Invalid data. Expected a dictionary, but got ${typeName(input)}.`
    default:
      return undefined
  }
}

/** What was sent in place of a word, so that its sender knows it again. */
const choiceText = (input: unknown) =>
  typeof input === 'object' ? JSON.stringify(input) : String(input)

const formats: Record<string, string> = {
  email: 'Enter a valid email address.',
  url: 'Enter a valid URL.',
  uuid: 'Must be a valid UUID.',
  datetime:
    'Datetime has wrong format. Use one of these formats instead: ' +
    'YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].',
}

z.config({
  customError: (issue) => {
    switch (issue.code) {
      case 'invalid_type':
        return wrongType(issue.expected, issue.input)
      case 'too_small':
        if (issue.origin !== 'string') {
          return `Ensure this value is greater than or equal to ${issue.minimum}.`
        }
        return issue.minimum === 1
          ? 'This field may not be blank.'
          : `Ensure this field has at least ${issue.minimum} characters.`
      case 'too_big':
        if (issue.origin === 'array') {
          return `Ensure this field has no more than ${issue.maximum} elements.`
        }
        return issue.origin === 'string'
          ? `Ensure this field has no more than ${issue.maximum} characters.`
          : `Ensure this value is less than or equal to ${issue.maximum}.`
      case 'invalid_value':
        if (issue.input === undefined) return 'This field is required.'
        if (issue.input === null) return 'This field may not be null.'
        return `"${choiceText(issue.input)}" is not a valid choice.`
      case 'invalid_format':
        return formats[issue.format]
      default:
        return undefined
    }
  },
})
