import { expect, it } from 'vitest'
import { placeOverrides, type Wish } from '../../src/domain/flag-order.ts'

/** `a0 b5` → segments of those names and priorities. */
const parse = (text: string) =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ segmentId: word.charCodeAt(0), priority: Number(word.slice(1)) }))

/** `a` asks for no place but that of the list, `a2` for place 2, `a?` for none at all. */
const wishesOf = (text: string): Wish[] =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word, position) => {
      const segmentId = word.charCodeAt(0)
      const rest = word.slice(1)
      if (rest === '?') return { segmentId }
      return rest === '' ? { segmentId, position } : { segmentId, position, priority: Number(rest) }
    })

const print = (places: Map<number, number>) =>
  [...places]
    .sort(([a], [b]) => a - b)
    .map(([segmentId, priority]) => `${String.fromCharCode(segmentId)}${priority}`)
    .join(' ')

it.each([
  ['nothing asked leaves sparse places', 'a2 b7', '', 'a2 b7'],
  ['a present one without a place stays', 'a0 b1', 'b', 'a0 b1'],
  ['a move renumbers the rest densely', 'a0 b1 c2', 'c0', 'a1 b2 c0'],
  ['a move into the middle', 'a0 b1 c2', 'c1', 'a0 b2 c1'],
  ['a move beyond the end is honoured', 'a0 b1 c2', 'a5', 'a5 b0 c1'],
  ['a move closes gaps of the rest', 'a3 b7 c9', 'c0', 'a1 b2 c0'],
  ['a place that is held already moves nothing', 'a0 b5', 'a0', 'a0 b5'],
  ['two moves at once', 'a0 b1 c2', 'c0 a2', 'a2 b1 c0'],
  ['two that swap', 'a0 b1', 'a1 b0', 'a1 b0'],
  ['a new one takes its position in the list', 'a0 b1', 'n', 'a1 b2 n0'],
  ['a new one behind a present one', 'a0 b1', 'a n', 'a0 b2 n1'],
  ['a new one with a place', 'a0 b1', 'n1', 'a0 b2 n1'],
  ['a new one whose position is asked for by another', 'a0', 'n b0', 'a2 b0 n1'],
  ['a new one that asks for nothing stands last', 'a0 b4', 'n?', 'a0 b4 n5'],
  ['the first of all', '', 'n?', 'n0'],
])('%s', (_, present, wishes, after) => {
  expect(print(placeOverrides(parse(present), wishesOf(wishes), false))).toBe(after)
})

it.each([
  ['the list is the order', 'a0 b1 c2', 'c a b', 'a1 b2 c0'],
  ['places that are sent count', 'a0 b1', 'a7 b2', 'a7 b2'],
  ['a sent place pushes the list around it', 'a0 b1 c2', 'a b0 c', 'a1 b0 c2'],
])('of a whole set %s', (_, present, wishes, after) => {
  expect(print(placeOverrides(parse(present), wishesOf(wishes), true))).toBe(after)
})
