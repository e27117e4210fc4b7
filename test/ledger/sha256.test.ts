import { expect, it } from 'vitest'
import { toHex } from '../../src/ledger/bytes.ts'
import { sha256 } from '../../src/ledger/sha256.ts'

const encoder = new TextEncoder()

it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])('hashes the examples of FIPS 180-4', (text, hash) => {
  expect(toHex(sha256(encoder.encode(text)))).toBe(hash)
})

it('agrees with the runtime at every length around the block borders', async () => {
  for (let length = 0; length < 300; length++) {
    const message = crypto.getRandomValues(new Uint8Array(length))
    const expected = new Uint8Array(await crypto.subtle.digest('SHA-256', message))
    expect(toHex(sha256(message))).toBe(toHex(expected))
  }
})
