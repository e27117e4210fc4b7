import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { toErrorBody, toFieldErrors } from '../../src/http/field-errors.ts'
import { blankText, bool, dateTime, id, int, number, text } from '../../src/http/fields.ts'
import '../../src/http/messages.ts'

/** What a field makes of an input: its value, or its messages. */
function read(schema: z.ZodType, input: unknown): unknown {
  const result = schema.safeParse(input)
  return result.success
    ? { is: result.data }
    : { errors: result.error.issues.map(({ message }) => message) }
}

const errors = (...messages: string[]) => ({ errors: messages })
const nul = 'Null characters are not allowed.'

describe('text', () => {
  it.each([
    ['Shop', { is: 'Shop' }],
    ['  Shop\n', { is: 'Shop' }],
    [7, { is: '7' }],
    [7.5, { is: '7.5' }],
    ['12345', { is: '12345' }],
    ['🚩🚩🚩🚩🚩', { is: '🚩🚩🚩🚩🚩' }],
    ['🚩🚩🚩🚩🚩🚩', errors('Ensure this field has no more than 5 characters.')],
    ['__proto__'.slice(0, 5), { is: '__pro' }],
    ['', errors('This field may not be blank.')],
    [' \t ', errors('This field may not be blank.')],
    ['123456', errors('Ensure this field has no more than 5 characters.')],
    ['a\u0000b', errors(nul)],
    ['\ud800', errors('Surrogate characters are not allowed: U+D800.')],
    ['a\udfff', errors('Surrogate characters are not allowed: U+DFFF.')],
    [null, errors('This field may not be null.')],
    [undefined, errors('This field is required.')],
    [true, errors('Not a valid string.')],
    [['Shop'], errors('Not a valid string.')],
    [{}, errors('Not a valid string.')],
    [Number.POSITIVE_INFINITY, errors('Not a valid string.')],
    [2 ** 60, errors('Not a valid string.')],
  ])('reads %j', (input, expected) => {
    expect(read(text(5), input)).toEqual(expected)
  })

  it('may be blank only where that is said', () => {
    expect(read(blankText(5), ' ')).toEqual({ is: '' })
    expect(read(blankText(5), '123456')).toEqual(
      errors('Ensure this field has no more than 5 characters.'),
    )
    expect(read(blankText(5), '\u0000')).toEqual(errors(nul))
  })
})

describe('a boolean', () => {
  it.each([
    [true, true],
    ['true', true],
    ['TRUE', true],
    ['t', true],
    ['yes', true],
    ['on', true],
    ['1', true],
    [1, true],
    [false, false],
    ['False', false],
    ['no', false],
    ['off', false],
    ['0', false],
    [0, false],
  ])('reads %j', (input, is) => {
    expect(read(bool(), input)).toEqual({ is })
  })

  it.each(['maybe', '', 2, -1, 0.5, [], [true], {}])('refuses %j', (input) => {
    expect(read(bool(), input)).toEqual(errors('Must be a valid boolean.'))
  })

  it('is not null', () => {
    expect(read(bool(), null)).toEqual(errors('This field may not be null.'))
  })
})

describe('a whole number', () => {
  it.each([
    [7, { is: 7 }],
    ['7', { is: 7 }],
    ['-7', { is: -7 }],
    [7.5, errors('A valid integer is required.')],
    ['7.5', errors('A valid integer is required.')],
    ['', errors('A valid integer is required.')],
    ['1e1', errors('A valid integer is required.')],
    [true, errors('A valid integer is required.')],
    [[7], errors('A valid integer is required.')],
    [11, errors('Ensure this value is less than or equal to 10.')],
    [-11, errors('Ensure this value is greater than or equal to -10.')],
    [1e300, errors('Ensure this value is less than or equal to 10.')],
    ['9'.repeat(400), errors('A valid integer is required.')],
    [null, errors('This field may not be null.')],
  ])('reads %j', (input, expected) => {
    expect(read(int(-10, 10), input)).toEqual(expected)
  })

  it('that names a thing is positive and has 32 bits', () => {
    expect(read(id(), 2147483647)).toEqual({ is: 2147483647 })
    expect(read(id(), 2147483648)).toEqual(
      errors('Ensure this value is less than or equal to 2147483647.'),
    )
    expect(read(id(), 0)).toEqual(errors('Ensure this value is greater than or equal to 1.'))
  })
})

describe('a number', () => {
  it.each([
    [33.3, { is: 33.3 }],
    ['33.3', { is: 33.3 }],
    ['0', { is: 0 }],
    ['', errors('A valid number is required.')],
    ['NaN', errors('A valid number is required.')],
    ['0x10', errors('A valid number is required.')],
    [Number.POSITIVE_INFINITY, errors('A valid number is required.')],
    [true, errors('A valid number is required.')],
    [100.1, errors('Ensure this value is less than or equal to 100.')],
    [-0.1, errors('Ensure this value is greater than or equal to 0.')],
  ])('reads %j', (input, expected) => {
    expect(read(number(0, 100), input)).toEqual(expected)
  })
})

it('a date and time becomes milliseconds, and must carry a zone', () => {
  expect(read(dateTime(), '2026-01-02T03:04:05Z')).toEqual({ is: 1767323045000 })
  expect(read(dateTime(), '2026-01-02T04:04:05.000001+01:00')).toEqual({ is: 1767323045000 })
  expect(read(dateTime(), '2026-01-02T03:04:05')).toEqual({ is: 1767323045000 })
  expect(read(dateTime(), '2026-01-02T04:04+01:00')).toEqual({ is: 1767323040000 })
  expect(read(dateTime(), '2026-01-02T03:04')).toEqual({ is: 1767323040000 })
  expect(read(dateTime(), '2026-01-02')).toEqual(
    errors(expect.stringMatching(/^Datetime has wrong format/)),
  )
})

it('a choice is told what is wrong with it', () => {
  const choice = z.enum(['ALL', 'ANY'])
  expect(read(choice, null)).toEqual(errors('This field may not be null.'))
  expect(read(choice, undefined)).toEqual(errors('This field is required.'))
  expect(read(choice, 'all')).toEqual(errors('"all" is not a valid choice.'))
  expect(read(choice, {})).toEqual(errors('"{}" is not a valid choice.'))
})

describe('errors', () => {
  it('stand in the place of what they are about', () => {
    expect(
      toFieldErrors([
        { path: ['name'], message: 'one' },
        { path: ['name'], message: 'two' },
        { path: ['options', 1, 'weight'], message: 'three' },
        { path: [], message: 'four' },
      ]),
    ).toEqual({
      name: ['one', 'two'],
      options: [{}, { weight: ['three'] }],
      non_field_errors: ['four'],
    })
  })

  it('of a whole body stand under non_field_errors, of a whole item too', () => {
    expect(toFieldErrors([{ path: [], message: 'no' }])).toEqual({ non_field_errors: ['no'] })
    expect(toFieldErrors([{ path: ['options', 0], message: 'no' }])).toEqual({
      options: [{ non_field_errors: ['no'] }],
    })
  })

  it('of a list that was sent are a list, item by item', () => {
    const issues = [{ path: [1, 'priority'], message: 'no' }]
    expect(toErrorBody(issues)).toEqual([{}, { priority: ['no'] }])
    expect(toErrorBody([{ path: [], message: 'no' }])).toEqual({ non_field_errors: ['no'] })
  })

  it('of what has the wrong type say no more than that', () => {
    const schema = z.object({ name: text(5), ids: z.array(id()).max(2) })
    const { error } = schema.safeParse({ name: [], ids: 'three' })
    expect(toErrorBody(error?.issues ?? [])).toEqual({
      name: ['Not a valid string.'],
      ids: ['Expected a list of items but got type "str".'],
    })
  })

  it('about a field called __proto__ are errors like any other', () => {
    const found = toFieldErrors([{ path: ['__proto__'], message: 'no' }])
    expect(Object.entries(found)).toEqual([['__proto__', ['no']]])
  })
})
