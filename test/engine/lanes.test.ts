import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  BLOCK_WORDS,
  LANES,
  MAX_BLOCKS,
  memory,
  messages,
  sums,
} from '../../src/engine/lanes/memory.ts'
import { laneModule } from '../../src/engine/lanes/module.ts'
import { hashPairs } from '../../src/engine/lanes/pairs.ts'
import { randomSource } from './fixtures.ts'
import { compiledLanes, laneFile } from './lane-module.ts'

const instance = new WebAssembly.Instance(compiledLanes, { engine: { memory } })
const ways: [string, (blocks: number, lanes: number) => void][] = [
  ['JavaScript', hashPairs],
  ['WebAssembly', instance.exports.hash as () => void],
]

/** What a message needs beside its own bytes. */
const ending = 9

function put(lane: number, message: Buffer, blocks: number): void {
  const padded = Buffer.alloc(blocks * 64)
  padded.set(message)
  padded[message.length] = 0x80
  padded.writeUInt32LE(message.length * 8, padded.length - 8)
  for (let word = 0; word < blocks * BLOCK_WORDS; word++) {
    messages[word * LANES + lane] = padded.readInt32LE(word * 4)
  }
}

function reference(message: Buffer): number {
  const hash = createHash('md5').update(message).digest('hex')
  return Number(BigInt(`0x${hash}`) % 9999n)
}

describe('md5.wasm', () => {
  it('is exactly what its source writes', () => {
    // `WRITE_WASM=1` makes it anew.
    if (process.env.WRITE_WASM === '1') writeFileSync(laneFile, laneModule())
    expect(Buffer.compare(readFileSync(laneFile), laneModule())).toBe(0)
  })

  it('asks for the memory and nothing else', () => {
    expect(WebAssembly.Module.imports(compiledLanes)).toEqual([
      { module: 'engine', name: 'memory', kind: 'memory' },
    ])
  })
})

describe.each(ways)('lanes in %s', (_, hashLanes) => {
  /** How many of the messages, all of so many blocks, came out wrong. */
  function wrong(list: Buffer[], blocks: number): number {
    for (const [lane, message] of list.entries()) put(lane, message, blocks)
    sums.fill(-1)
    hashLanes(blocks, list.length)
    const isWrong = (message: Buffer, lane: number) => {
      const sum = sums[lane] ?? -1
      return sum < 0 || sum % 9999 !== reference(message)
    }
    return list.filter(isWrong).length
  }

  it('agree with the platform on a hundred thousand random messages', () => {
    const random = randomSource(20_260_901)
    const pool = Buffer.from(Array.from({ length: 4096 }, () => random(256)))
    let differing = 0
    for (let hashed = 0; hashed < 100_000; hashed += LANES) {
      const blocks = 1 + random(MAX_BLOCKS)
      const least = Math.max(0, (blocks - 1) * 64 - ending + 1)
      const list = Array.from({ length: LANES }, () => {
        const length = least + random(blocks * 64 - ending + 1 - least)
        const from = random(pool.length - length)
        return pool.subarray(from, from + length)
      })
      differing += wrong(list, blocks)
    }
    expect(differing).toBe(0)
  })

  it('agree at every length, in every lane, whatever was there before', () => {
    for (let length = 0; length <= MAX_BLOCKS * 64 - ending; length++) {
      const blocks = Math.ceil((length + ending) / 64)
      messages.fill(-1)
      const list = Array.from({ length: LANES }, (_, lane) => Buffer.alloc(length, 0x41 + lane))
      expect(wrong(list, blocks)).toBe(0)
    }
  })

  it('may be fewer than all', () => {
    for (let lanes = 1; lanes <= LANES; lanes++) {
      const list = Array.from({ length: lanes }, (_, lane) => Buffer.from(`${lanes},${lane}`))
      expect(wrong(list, 1)).toBe(0)
    }
  })
})
