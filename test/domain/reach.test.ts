import { expect, it } from 'vitest'
import { reachOf } from '../../src/domain/reach.ts'

const update = (changes: object) =>
  reachOf('feature-state.update', { environmentId: 1, id: 7, changes })

it.each([
  ['a switch', { enabled: true }],
  ['a value', { value: 'red' }],
  ['a number', { value: 12 }],
  ['a value in parts', { columns: { type: 'unicode', stringValue: 'red' } }],
  ['shares', { shares: [] }],
])('%s of a feature state touches that state only', (_, changes) => {
  expect(update(changes)).toEqual(['state 7'])
})

it('a long value is weighed against all others, so it goes alone', () => {
  expect(update({ value: 'x'.repeat(1_001) })).toBeNull()
  expect(update({ columns: { stringValue: 'é'.repeat(501) } })).toBeNull()
})

it('a refused attempt touches nothing', () => {
  expect(reachOf('attempt.record', {})).toEqual([])
})

it('what tells no reach may touch anything', () => {
  expect(reachOf('feature.delete', { projectId: 1, id: 2 })).toBeNull()
})
