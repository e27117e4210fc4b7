import { describe, expect, it } from 'vitest'
import { changed, snapshot } from '../../src/domain/snapshot.ts'

describe('a snapshot', () => {
  it('spells columns as the contract does', () => {
    expect(snapshot({ id: 1, useIdentityCompositeKeyForHashing: true, createdAt: 5 })).toEqual({
      id: 1,
      use_identity_composite_key_for_hashing: true,
      created_at: 5,
    })
  })

  it('leaves out what opens something', () => {
    const row = { name: 'x', passwordHash: 'a', hash: 'b', sealed: 'c', sealedSecret: 'd' }
    expect(snapshot(row)).toEqual({ name: 'x' })
  })

  it('keeps null, and strange names as they are', () => {
    expect(snapshot({ name: '__proto__', description: null })).toEqual({
      name: '__proto__',
      description: null,
    })
  })
})

describe('a change', () => {
  it.each([
    [{ a: 1, b: 2 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { b: 2 }, false],
    [{ a: 1 }, { a: 2 }, true],
    [{ a: 1 }, { a: '1' }, true],
    [{ a: null }, { a: '' }, true],
    [{ a: 0 }, { a: false }, true],
    [{}, { a: 1 }, true],
  ])('from %j to %j: %s', (before, after, expected) => {
    expect(changed(before, after)).toBe(expected)
  })
})
