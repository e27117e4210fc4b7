import { describe, expect, it } from 'vitest'
import { eventBody } from '../../src/delivery/body.ts'

describe('the frozen body', () => {
  it('is the envelope of the contract with spaced separators', () => {
    expect(eventBody('FLAG_UPDATED', {})).toBe('{"data": {}, "event_type": "FLAG_UPDATED"}')
  })

  it('sorts the keys of every object and keeps the order of lists', () => {
    expect(eventBody('FLAG_DELETED', { b: [{ z: 1, a: null }, true], a: -0.5 })).toBe(
      '{"data": {"a": -0.5, "b": [{"a": null, "z": 1}, true]}, "event_type": "FLAG_DELETED"}',
    )
  })

  it('is the same text whatever order the keys came in', () => {
    const one = eventBody('FLAG_UPDATED', { x: { a: 1, b: 2 }, y: 3 })
    const other = eventBody('FLAG_UPDATED', { y: 3, x: { b: 2, a: 1 } })
    expect(one).toBe(other)
  })

  it.each([
    ['é', '\\u00e9'],
    ['😀', '\\ud83d\\ude00'],
    ['\ud800', '\\ud800'],
    ['\u007f', '\\u007f'],
    ['\u2028', '\\u2028'],
    ['"\\\n\t\b\f\r', '\\"\\\\\\n\\t\\b\\f\\r'],
    ['\u0001', '\\u0001'],
    ['/<>&~', '/<>&~'],
  ])('writes %j in ASCII, as a value and as a key', (text, escaped) => {
    expect(eventBody('FLAG_UPDATED', { [text]: text })).toBe(
      `{"data": {"${escaped}": "${escaped}"}, "event_type": "FLAG_UPDATED"}`,
    )
  })

  it('means the same to a JSON parser as the data did', () => {
    const data = { 'ключ "1"': ['ü', 1e21, 0, false, null, { deep: [[]] }] }
    expect(JSON.parse(eventBody('FLAG_UPDATED', data))).toEqual({
      data,
      event_type: 'FLAG_UPDATED',
    })
  })
})
