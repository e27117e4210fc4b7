/** What an isolate may still say of a stored identity, and for how long. */
import { expect, it } from 'vitest'
import { forgetIdentity, recallIdentity, rememberIdentity } from '../../src/sdk/identity-memo.ts'
import type { StoredIdentity } from '../../src/sdk/identity-store.ts'

let last = 0
const somebody = () => ({ environmentId: 1, identifier: `memo ${++last}` })

const identityWith = (json: string): StoredIdentity => ({
  id: 1,
  traits: [{ id: 1, key: 'k', json, value: json, transient: false }],
  overrides: new Map(),
})
const identity = identityWith('1')

it('an identity is recalled for a second, with the document version it was read for', () => {
  const place = somebody()
  rememberIdentity(place, { identity, version: 5, readAt: 1_000 })
  expect(recallIdentity(place, { version: 5, now: 1_999 })).toBe(identity)
  expect(recallIdentity(place, { version: 5, now: 2_000 })).toBeUndefined()
  expect(recallIdentity(place, { version: 6, now: 1_001 })).toBeUndefined()
  expect(recallIdentity({ ...place, environmentId: 2 }, { version: 5, now: 1_001 })).toBeUndefined()
})

it('a write ends it, and what was read before the write does not bring it back', () => {
  const place = somebody()
  rememberIdentity(place, { identity, version: 1, readAt: 1_000 })
  forgetIdentity(place, 1_100)
  expect(recallIdentity(place, { version: 1, now: 1_101 })).toBeUndefined()
  rememberIdentity(place, { identity, version: 1, readAt: 1_100 })
  expect(recallIdentity(place, { version: 1, now: 1_101 })).toBeUndefined()
  rememberIdentity(place, { identity, version: 1, readAt: 1_101 })
  expect(recallIdentity(place, { version: 1, now: 1_102 })).toBe(identity)
})

it('neither the large nor too many are kept', () => {
  const large = somebody()
  const read = { version: 1, readAt: 1_000 }
  rememberIdentity(large, { identity: identityWith('x'.repeat(10_001)), ...read })
  expect(recallIdentity(large, { version: 1, now: 1_001 })).toBeUndefined()
  const many = Array.from({ length: 1_001 }, somebody)
  for (const place of many) rememberIdentity(place, { identity, ...read })
  const [first = large, second = large] = many
  expect(recallIdentity(first, { version: 1, now: 1_001 })).toBeUndefined()
  expect(recallIdentity(second, { version: 1, now: 1_001 })).toBe(identity)
})
