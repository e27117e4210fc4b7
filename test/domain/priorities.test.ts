import { describe, expect, it } from 'vitest'
import { movePriorities, openPriority } from '../../src/domain/priorities.ts'

/** `a0 b5` → links of those names and priorities. */
const parse = (text: string) =>
  text.split(' ').map((word) => ({ id: word.charCodeAt(0), priority: Number(word.slice(1)) }))

const print = (links: { id: number; priority: number }[]) =>
  links.map(({ id, priority }) => `${String.fromCharCode(id)}${priority}`).join(' ')

describe('a move', () => {
  it.each([
    ['a0 b1 c2', 'c0', 'a1 b2 c0'],
    ['a0 b1 c2', 'a2', 'a2 b0 c1'],
    ['a0 b1 c2', 'b1', 'a0 b1 c2'],
    ['a0', 'a2', 'a2'],
    ['a0 b5', 'b2', 'a0 b2'],
    ['a0 b5', 'a7', 'a7 b4'],
    ['a0 b1 c2', 'c0 b0', 'a2 b0 c1'],
    ['a0 b1 c2', 'a0 b1 c2', 'a0 b1 c2'],
    ['a0 b1', 'a9 a0', 'a0 b1'],
  ])('in %s by %s gives %s', (links, moves, after) => {
    expect(print(movePriorities(parse(links), parse(moves)))).toBe(after)
  })
})

describe('a new one at', () => {
  it.each([
    ['a0 b1', 0, 'a1 b2'],
    ['a0 b1', 1, 'a0 b2'],
    ['a0 b1', 2, 'a0 b1'],
    ['a0 b5 c6', 0, 'a1 b5 c6'],
    ['a0 b0', 0, 'a1 b1'],
  ])('%s, place %i, leaves %s', (links, priority, after) => {
    expect(print(openPriority(parse(links), priority))).toBe(after)
  })
})
