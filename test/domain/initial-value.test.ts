import { describe, expect, it } from 'vitest'
import { inferValue, initialState } from '../../src/domain/initial-value.ts'
import { toFlagValue, toValueColumns } from '../../src/storage/values.ts'

describe('the type of an initial value', () => {
  it.each([
    [null, null],
    ['', ''],
    ['blue', 'blue'],
    ['0', 0],
    ['7', 7],
    ['-7', -7],
    ['2147483647', 2147483647],
    ['-2147483648', -2147483648],
    ['2147483648', '2147483648'],
    ['-2147483649', '-2147483649'],
    ['99999999999999999999', '99999999999999999999'],
    ['007', '007'],
    ['+7', '+7'],
    ['-0', '-0'],
    ['7.0', '7.0'],
    ['1e3', '1e3'],
    ['0x10', '0x10'],
    [' 7', ' 7'],
    ['true', true],
    ['True', true],
    ['False', false],
    ['FALSE', 'FALSE'],
    ['yes', 'yes'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['null', 'null'],
    ['__proto__', '__proto__'],
  ])('%j is %j', (text, value) => {
    expect(inferValue(text)).toBe(value)
  })
})

describe('a new state', () => {
  const feature = { defaultEnabled: true, initialValue: '7' }

  it('begins as the feature says', () => {
    expect(initialState({ preventFlagDefaults: false }, feature)).toEqual({
      enabled: true,
      value: 7,
    })
  })

  it('begins off and empty where the project prevents defaults', () => {
    expect(initialState({ preventFlagDefaults: true }, feature)).toEqual({
      enabled: false,
      value: null,
    })
  })
})

describe('a stored value', () => {
  it.each(['text', '', 0, -2147483648, 2147483647, true, false, null])(
    'reads as it was written: %j',
    (value) => {
      expect(toFlagValue(toValueColumns(value))).toBe(value)
    },
  )

  it.each([
    [2147483648, '2147483648'],
    [-2147483649, '-2147483649'],
    [1.5, '1.5'],
    [9007199254740991, '9007199254740991'],
  ])('%d is no 32-bit integer and becomes text', (value, text) => {
    expect(toFlagValue(toValueColumns(value))).toBe(text)
  })
})
