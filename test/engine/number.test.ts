import { describe, expect, it } from 'vitest'
import {
  compareIntegerTexts,
  floatText,
  parseFloatLiteral,
  parseInteger,
} from '../../src/engine/number.ts'

describe('numbers', () => {
  it.each([
    [1.5, '1.5'],
    [35, '35.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [1.25e-7, '1.25e-07'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [-1.5e300, '-1.5e+300'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
  ])('prints the float %s as %s', (value, text) => {
    expect(floatText(value)).toBe(text)
  })

  it.each([
    ['5', '5'],
    [' +5 ', '5'],
    ['\u00a0-05\n', '-5'],
    ['1_000', '1000'],
    ['-0', '0'],
    ['123456789012345678901', '123456789012345678901'],
  ])('reads the integer literal %j as %s', (literal, text) => {
    expect(parseInteger(literal)?.text).toBe(text)
  })

  it.each(['', ' ', '5.0', '1e3', '1__0', '_1', '1_', '+ 5', '0x10', '५', '\ufeff5'])(
    'does not read %j as an integer',
    (literal) => {
      expect(parseInteger(literal)).toBeNull()
    },
  )

  it.each([
    ['5', 5],
    [' 2.5 ', 2.5],
    ['1.', 1],
    ['.5', 0.5],
    ['-1E+2', -100],
    ['1_0.2_5', 10.25],
    ['INF', Infinity],
    ['-infinity', -Infinity],
    ['nan', Number.NaN],
    ['1e999', Infinity],
  ])('reads the float literal %j as %s', (literal, value) => {
    expect(parseFloatLiteral(literal)).toBe(value)
  })

  it.each(['', '.', 'e5', '1e', '0x1', '1._5', 'infin', 'Infinity5', '1,5'])(
    'does not read %j as a float',
    (literal) => {
      expect(parseFloatLiteral(literal)).toBeNull()
    },
  )

  it('orders integers of any size by value', () => {
    const ascending = ['-100', '-99', '-1', '0', '1', '99', '100']
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries()) {
        expect(Math.sign(compareIntegerTexts(a, b))).toBe(Math.sign(i - j))
      }
    }
  })
})
