import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/ledger/bytes.ts'
import { sha256 } from '../../src/ledger/sha256.ts'
import {
  appendLeaf,
  askConsistency,
  askInclusion,
  askRoot,
  emptyRoot,
  type Hash,
  type Lookup,
  nodeHash,
  type Peaks,
  rootOfPeaks,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/tree.ts'

const leafOf = (bytes: Uint8Array): Hash => sha256(Uint8Array.from([0, ...bytes]))
const textLeaf = (text: string): Hash => leafOf(new TextEncoder().encode(text))

function lookupIn(leaves: Hash[]): Lookup {
  const known = new Map<string, Hash>()
  const lookup: Lookup = ({ level, index }) => {
    if (level === 0) return leaves[index] as Hash
    const key = `${level}:${index}`
    const below = (child: number) => lookup({ level: level - 1, index: index * 2 + child })
    const hash = known.get(key) ?? nodeHash(below(0), below(1))
    known.set(key, hash)
    return hash
  }
  return lookup
}

/** RFC 6962 §2.1 word for word, to hold the rest against. */
function definedRoot(leaves: Hash[]): Hash {
  const [only] = leaves
  if (only === undefined) return emptyRoot
  if (leaves.length === 1) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return nodeHash(definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split)))
}

/** The tree of eight leaves that Certificate Transparency publishes. */
const published = {
  leaves: [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ].map((hex) => leafOf(fromHex(hex))),
  roots: [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
  inclusion: [
    [0, 1, []],
    [
      0,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      5,
      8,
      [
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
    [
      1,
      5,
      [
        '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ] as const,
  consistency: [
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ] as const,
}

describe('the published tree of eight leaves', () => {
  const lookup = lookupIn(published.leaves)

  it.each(published.roots.map((root, size) => [size, root] as const))(
    'has of its first %i leaves the root %s',
    (size, root) => {
      expect(toHex(askRoot(size).answer(lookup))).toBe(root)
    },
  )

  it.each(published.inclusion)('proves leaf %i in the tree of %i', (index, size, hashes) => {
    expect(askInclusion(index, size).answer(lookup).map(toHex)).toEqual(hashes)
  })

  it.each(published.consistency)('proves that %i leaves begin %i', (from, to, hashes) => {
    expect(askConsistency(from, to).answer(lookup).map(toHex)).toEqual(hashes)
  })

  it('has the root of the contract for the leaves a, b, c', () => {
    const abc = lookupIn(['a', 'b', 'c'].map(textLeaf))
    expect(btoa(String.fromCharCode(...askRoot(3).answer(abc)))).toBe(
      'NmQuc8JUCrEh46a/lUWwokmCzYMOsT080Z3jzmwCHsE=',
    )
  })
})

const many = Array.from({ length: 3000 }, (_, index) => textLeaf(`entry ${index}`))
const lookupMany = lookupIn(many)
const rootAt = (size: number) => askRoot(size).answer(lookupMany)

/** The first proofs of all sizes, then many at random. */
const sizes = Array.from({ length: 70 }, (_, index) => index + 1)
const drawn = Array.from({ length: 300 }, () => 1 + Math.floor(Math.random() * many.length))

/** Every way to be slightly wrong: a proof with a bit turned, too long, too short. */
function* damaged(proof: Hash[]): Generator<Hash[]> {
  for (let at = 0; at < proof.length; at++) {
    yield proof.map((hash, index) =>
      index === at ? hash.with(at % 32, (hash[at % 32] ?? 0) ^ 1) : hash,
    )
    yield proof.toSpliced(at, 1)
  }
  yield [...proof, emptyRoot]
}

describe('a tree of any size', () => {
  it('has the root that the RFC defines, whole or grown leaf by leaf', () => {
    const peaks: Peaks = []
    for (let size = 0; size <= 300; size++) {
      const root = toHex(definedRoot(many.slice(0, size)))
      expect(toHex(rootAt(size))).toBe(root)
      expect(toHex(rootOfPeaks(peaks))).toBe(root)
      appendLeaf(peaks, many[size] as Hash)
    }
  })

  it('proves every leaf, and nothing else', () => {
    for (const size of [...sizes, ...drawn]) {
      const indexes = size <= 70 ? sizes.slice(0, size).map((n) => n - 1) : [size - 1, size % 7]
      for (const index of indexes) {
        const proof = askInclusion(index, size).answer(lookupMany)
        const told = { index, size, leaf: many[index] as Hash, root: rootAt(size), proof }
        expect(verifyInclusion(told)).toBe(true)
        for (const bad of damaged(proof)) {
          expect(verifyInclusion({ ...told, proof: bad })).toBe(false)
        }
        expect(verifyInclusion({ ...told, leaf: textLeaf('another') })).toBe(false)
        expect(verifyInclusion({ ...told, root: textLeaf('another') })).toBe(false)
        expect(verifyInclusion({ ...told, index: size })).toBe(false)
        expect(verifyInclusion({ ...told, index: -1 })).toBe(false)
      }
    }
  })

  it('proves every beginning of itself, and nothing else', () => {
    for (const to of [...sizes, ...drawn]) {
      const froms = to <= 70 ? sizes.slice(0, to) : [1 + ((to * 7) % to), 1 + Math.floor(to / 3)]
      for (const from of froms) {
        const proof = askConsistency(from, to).answer(lookupMany)
        const told = { from, to, fromRoot: rootAt(from), toRoot: rootAt(to), proof }
        expect(verifyConsistency(told)).toBe(true)
        for (const bad of damaged(proof)) {
          expect(verifyConsistency({ ...told, proof: bad })).toBe(false)
        }
        expect(verifyConsistency({ ...told, fromRoot: textLeaf('another') })).toBe(false)
        expect(verifyConsistency({ ...told, toRoot: textLeaf('another') })).toBe(false)
        expect(verifyConsistency({ ...told, from: to + 1 })).toBe(false)
      }
    }
  })

  it('is begun by the empty one', () => {
    const told = { from: 0, to: 5, fromRoot: emptyRoot, toRoot: rootAt(5), proof: [] }
    expect(verifyConsistency(told)).toBe(true)
    expect(verifyConsistency({ ...told, fromRoot: rootAt(1) })).toBe(false)
  })

  it('may have more leaves than 32 bits count', () => {
    const size = 2 ** 40 + 12345
    const { nodes } = askInclusion(2 ** 39 + 1, size)
    expect(nodes.every(({ level, index }) => (index + 1) * 2 ** level <= size)).toBe(true)
    expect(nodes.length).toBeLessThan(80)
    // A tree whose nodes are made up: what is proved is how they are put together.
    const lookup: Lookup = ({ level, index }) => textLeaf(`${level}:${index}`)
    const proof = askConsistency(2 ** 33 + 7, size).answer(lookup)
    expect(proof.length).toBeLessThan(50)
  })
})
