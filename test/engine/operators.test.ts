import { describe, expect, it } from 'vitest'
import type { TraitValue } from '../../src/engine/index.ts'
import { holds } from './fixtures.ts'

type Row = [trait: TraitValue, value: string, expected: boolean]

function table(operator: string, rows: Row[]) {
  describe(operator, () => {
    it.each(rows)('of %j and %j is %s', (trait, value, expected) => {
      expect(holds(operator, trait, value)).toBe(expected)
    })
  })
}

table('EQUAL', [
  ['bar', 'bar', true],
  ['bar', 'Bar', false],
  ['', '', true],
  ['05', '5', true],
  ['5', '05', true],
  ['1.50', '1.5', true],
  ['1.0', '1', true],
  ['-0', '0', true],
  [' 5', '5', false],
  ['+5', '5', false],
  ['+5', '+5', true],
  ['1e3', '1000', false],
  [5, ' 5 ', true],
  [5, '+5', true],
  [1000, '1_000', true],
  [5, '5.0', false],
  [5, 'x', false],
  [0, 'False', false],
  [1, 'True', false],
  [1.5, '1.50', true],
  [1.5, '15e-1', true],
  ['5.0', '5', true],
  [true, 'true', true],
  [true, '1', true],
  [true, '0', true],
  [true, '', true],
  [true, 'FALSE', true],
  [true, 'banana', true],
  [false, 'False', true],
  [false, 'false', true],
  [false, '0', false],
  [false, 'True', false],
  ['9007199254740993', '9007199254740993', true],
  ['9007199254740993', '9007199254740992', false],
  ['009007199254740993', '9007199254740993', true],
  [null, '', false],
])

table('NOT_EQUAL', [
  ['a', 'b', true],
  ['a', 'a', false],
  [1, '2', true],
  [1, 'x', false],
  [1, '1.5', false],
  [4.56, '1.23', true],
  [4.56, 'nan', true],
  [4.56, 'x', false],
  [false, 'True', true],
  [true, 'False', true],
  [false, 'false', false],
  ['9007199254740993', '9007199254740992', true],
  [null, 'a', false],
])

table('GREATER_THAN', [
  [3, '2', true],
  [3, '3', false],
  [3, '2.5', false],
  [3.5, '3', true],
  [3.5, 'nan', false],
  [3.5, '-inf', true],
  ['10', '9', true],
  ['b', 'a', true],
  ['B', 'a', false],
  ['\u{1f600}', '\uffff', true],
  ['\uffff', '\u{1f600}', false],
  ['ab', 'a', true],
  [true, 'False', true],
  [true, 'anything', false],
  ['123456789012345678901', '123456789012345678900', true],
  ['-123456789012345678901', '-123456789012345678900', false],
  ['123456789012345678901', '5', true],
  [null, '0', false],
])

table('GREATER_THAN_INCLUSIVE', [
  [3, '3', true],
  [2, '3', false],
  [3.5, '3.5', true],
  ['3.0', '3', true],
  ['a', 'a', true],
  [1, 'nan', false],
])

table('LESS_THAN', [
  [2, '3', true],
  [3, '3', false],
  [2, '2.5', false],
  [2.4, '2.5', true],
  [2.4, 'nan', false],
  [-3, '-2', true],
  ['a', 'b', true],
  [false, 'True', true],
  ['9', '10', true],
])

table('LESS_THAN_INCLUSIVE', [
  [3, '3', true],
  [4, '3', false],
  [3.5, '3.5', true],
  ['b', 'a', false],
])

table('CONTAINS', [
  ['haystack', 'hay', true],
  ['haystack', 'Hay', false],
  ['haystack', '', true],
  ['', '', true],
  ['', 'a', false],
  ['a1', '1', true],
  ['123', '2', false],
  ['1.5', '5', false],
  [123, '2', false],
  [true, 'r', false],
  [null, '', false],
])

table('NOT_CONTAINS', [
  ['haystack', 'needle', true],
  ['haystack', 'hay', false],
  ['haystack', '', false],
  ['1.2.3', '2.3:semver', true],
  ['123', '9', false],
  ['1.5', '9', false],
  [123, '9', false],
  [true, 'x', false],
  [null, 'x', false],
])

table('IN', [
  ['b', 'a,b,c', true],
  ['prem', 'premium,vip', false],
  ['b', 'a, b', false],
  [' b', 'a, b', true],
  ['', '', true],
  ['', 'a,,b', true],
  ['', 'a', false],
  [0, '0', true],
  [0, '', false],
  [1, '1,2', true],
  ['1', '1,2', true],
  ['01', '01', false],
  ['01', '1', true],
  ['-0', '0', true],
  ['1.50', '1.50,1.5', false],
  [1.5, '1.5', false],
  [true, 'true,True,1', false],
  [null, 'None,null,', false],
  ['premium', '["active","premium"]', true],
  ['a,b', '["a,b"]', true],
  [1, '[1, 2]', true],
  [1, '["1"]', true],
  [1, '[1.0, 1e0]', false],
  [0, '[-0]', true],
  [100000, '[1e5]', false],
  ['123456789012345678901', '[123456789012345678901]', true],
  ['True', '[true]', true],
  ['None', '[null]', true],
  ['b', '[["b"]]', false],
  ['b', '["a","b"', false],
  ['[a', '[a,b]', true],
  ['b]', '[a,b]', true],
  ['b', '[]', false],
  ['', '[]', false],
  ['"x"', '"x"', true],
  ['x', '"x"', false],
])

table('REGEX', [
  ['foobar', 'foo', true],
  ['barfoo', 'foo', false],
  ['barfoo', '.*foo', true],
  ['foobar', 'foo$', false],
  ['Foo', 'foo', false],
  ['foo\n', 'foo$', true],
  ['0123', '^123$', true],
  ['0123', '0', false],
  ['1.50', '^1\\.5$', true],
  [7, '\\d', true],
  [1.5, '1\\.5$', true],
  ['2.0', '2\\.0$', true],
  [true, 'True$', true],
  [false, 'false', false],
  ['foo', '', true],
  ['', '$', true],
  ['foo', '(', false],
  ['foo', '*', false],
  ['foo', 'f(?=o)', false],
  [null, '.*', false],
])

table('MODULO', [
  [35, '4|3', true],
  [35.0, '4|3', true],
  ['35.0', '4|3', true],
  ['35', '4|3', true],
  [34.2, '4|3', false],
  [5.5, '2|1.5', true],
  [-2, '3|1', true],
  [2, '-3|-1', true],
  [-4, '2|0', true],
  [4, ' 2 | 0 ', true],
  [true, '2|1', true],
  [false, '2|0', true],
  [4, '0|0', false],
  [4, '0|nan', false],
  [4, '2', false],
  [4, '2|0|0', false],
  [4, '', false],
  [4, 'a|0', false],
  [4, '|', false],
  ['1.0.0', '3|0', false],
  ['four', '2|0', false],
  [null, '2|0', false],
])

table('IS_SET', [
  ['x', '', true],
  ['', '', true],
  [0, 'ignored', true],
  [false, '', true],
  [null, '', false],
])

table('IS_NOT_SET', [
  ['', '', false],
  [0, '', false],
  [false, '', false],
  [null, 'ignored', true],
])

table('BETWEEN', [
  ['x', 'x', false],
  [null, '', false],
])

describe('an unset value', () => {
  it.each([
    'EQUAL',
    'NOT_EQUAL',
    'GREATER_THAN',
    'LESS_THAN_INCLUSIVE',
    'CONTAINS',
    'NOT_CONTAINS',
    'IN',
    'REGEX',
    'MODULO',
    'PERCENTAGE_SPLIT',
    'IS_SET',
  ])('fails %s', (operator) => {
    expect(holds(operator, undefined, '')).toBe(false)
    expect(holds(operator, undefined, '100')).toBe(false)
  })
})

describe('a condition without a value', () => {
  it('never holds unless it asks whether something is set', () => {
    for (const operator of [
      'EQUAL',
      'NOT_EQUAL',
      'NOT_CONTAINS',
      'IN',
      'REGEX',
      'PERCENTAGE_SPLIT',
    ]) {
      expect(holds(operator, 'x', null)).toBe(false)
    }
    expect(holds('IS_SET', 'x', null)).toBe(true)
    expect(holds('IS_NOT_SET', undefined, null)).toBe(true)
  })
})
