/** The tamper matrix of contract audit-and-webhooks §6.4: what is found, where, and what cannot be. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../src/domain/write.ts'
import { canonicalJson } from '../../src/ledger/chain.ts'
import {
  check,
  grown,
  hashOf,
  inShort,
  keyOf,
  type Line,
  lastLine,
  lineOf,
  noteOver,
  signer,
  thief,
} from './audit-log.ts'

// Thousands of logs are checked: a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

const size = 300
/** What the auditor has kept from before. */
const keptSize = 180

const log = grown([], size)
let last: string
let kept: string

beforeAll(async () => {
  last = lastLine(await noteOver(log))
  kept = await noteOver(log.slice(0, keptSize))
})

const at = (sequence: number): Line => log[sequence - 1] as Line
const judge = async (lines: Line[]) => inShort(await check(lines, { last, kept: [kept] }))
const replaced = (sequence: number, line: Line) => log.with(sequence - 1, line)

const flipped = (text: string, position: number) =>
  text.slice(0, position) +
  String.fromCharCode(text.charCodeAt(position) ^ 1) +
  text.slice(position + 1)

/** The record with members replaced, canonical again. */
const edited = ({ record }: Line, more: JsonObject) =>
  canonicalJson({ ...(JSON.parse(record) as JsonObject), ...more })

const rehashed = (line: Line, more: JsonObject): Line => {
  const record = edited(line, more)
  return { ...line, record, hash: hashOf(record) }
}

/** Entry by entry; at both ends, and where the kept checkpoint ends, every case must say its own. */
const everyEntry = Array.from({ length: size }, (_, index) => index + 1)

async function expectAll(
  falsify: (sequence: number) => Line[],
  expected: (sequence: number) => string,
) {
  for (const sequence of everyEntry) {
    expect(await judge(falsify(sequence)), `entry ${sequence}`).toBe(expected(sequence))
  }
}

const thiefActor = { actor: { kind: 'user', id: '2', name: 'mallory@example.com' } }

describe('a log that was let alone', () => {
  it('is good', async () => {
    const verdict = await check(log, { last, kept: [kept] })
    expect(verdict).toMatchObject({ kind: 'good', entries: size })
  })

  it('is good without an earlier checkpoint, and when it is empty', async () => {
    expect(inShort(await check(log, { last }))).toBe('good')
    const empty = lastLine(await noteOver([]))
    expect(inShort(await check([], { last: empty }))).toBe('good')
  })
})

describe('of every entry is found', () => {
  it('a bit that was turned in each column', async () => {
    await expectAll(
      (k) => replaced(k, { ...at(k), sequence: k ^ 1 }),
      (k) => `edit ${k}`,
    )
    await expectAll(
      (k) => replaced(k, { ...at(k), hash: flipped(at(k).hash, k % 64) }),
      (k) => `edit ${k}`,
    )
  })

  it('a bit that was turned in each member of the record', async () => {
    const members = Object.keys(JSON.parse(at(1).record))
    for (const [index, member] of members.entries()) {
      // Every member at every so manieth entry: all places of the log come by.
      for (let k = 1 + index; k <= size; k += members.length) {
        const start = at(k).record.indexOf(`"${member}":`) + member.length + 4
        const record = flipped(at(k).record, start)
        expect(await judge(replaced(k, { ...at(k), record }))).toBe(`edit ${k}`)
      }
    }
  })

  it('another actor or time', async () => {
    await expectAll(
      (k) => replaced(k, { ...at(k), record: edited(at(k), thiefActor) }),
      (k) => `edit ${k}`,
    )
    const time = '2020-01-01T00:00:00.000Z'
    await expectAll(
      (k) => replaced(k, { ...at(k), record: edited(at(k), { time }) }),
      (k) => `edit ${k}`,
    )
  })

  it('an edit whose hash was made anew: by the next entry, of the last one by the checkpoint', async () => {
    await expectAll(
      (k) => replaced(k, rehashed(at(k), thiefActor)),
      (k) => (k < size ? `edit ${k}` : `fork ${keptSize + 1}`),
    )
  })

  it('that it is gone: of the last one by the checkpoint', async () => {
    await expectAll(
      (k) => log.toSpliced(k - 1, 1),
      (k) => (k < size ? `deletion ${k}` : `truncation ${size}`),
    )
  })

  it('that it is there twice', async () => {
    await expectAll(
      (k) => log.toSpliced(k, 0, at(k)),
      (k) => `insertion ${k}`,
    )
  })

  it('that it has changed places with the next, with or without new numbers', async () => {
    const pairs = everyEntry.slice(0, -1)
    for (const k of pairs) {
      const swapped = log.with(k - 1, at(k + 1)).with(k, at(k))
      expect(await judge(swapped)).toBe(`swap ${k}`)
      const numbered = log
        .with(k - 1, { ...at(k + 1), sequence: k })
        .with(k, { ...at(k), sequence: k + 1 })
      expect(await judge(numbered)).toBe(`swap ${k}`)
    }
  })
})

describe('also found', () => {
  it('is the end that was cut off, wherever', async () => {
    for (const k of [0, ...everyEntry.slice(0, -1)]) {
      expect(await judge(log.slice(0, k))).toBe(`truncation ${k + 1}`)
    }
  })

  it('is an export that broke off, or that nobody has signed', async () => {
    expect(inShort(await check(log, { last: null }))).toBe(`truncation ${size + 1}`)
    expect(inShort(await check(log, { last: lastLine(null) }))).toBe(`truncation ${size + 1}`)
  })

  it('is an entry put in with all numbers behind it made to fit', async () => {
    const forged = lineOf(150, at(149).hash, thiefActor)
    const behind = log.slice(149).map((line) => ({ ...line, sequence: line.sequence + 1 }))
    expect(await judge([...log.slice(0, 149), forged, ...behind])).toBe('insertion 150')
  })

  it('is an entry hung on behind what was signed', async () => {
    expect(await judge(grown(log, size + 1, thiefActor))).toBe(`insertion ${size + 1}`)
  })

  it('is an entry of another log', async () => {
    const foreign = rehashed(at(5), { ledger: 'organisation:8' })
    expect(await judge(replaced(5, foreign))).toBe('insertion 5')
  })

  it('is a record that is hashed but not canonical', async () => {
    const record = at(7).record.replace('{', '{ ')
    expect(await judge(replaced(7, { sequence: 7, record, hash: hashOf(record) }))).toBe('edit 7')
    const surrogate = edited(at(8), { log: 'x' }).replace('"x"', '"\\ud800"')
    const line = { sequence: 8, record: surrogate, hash: hashOf(surrogate) }
    expect(await judge(replaced(8, line))).toBe('edit 8')
  })

  it.each(['', 'null', '[]', '{', '{"sequence":1}', `{"sequence":3,"hash":"x","record":"null"}`])(
    'is a line that is none: %s',
    async (line) => {
      const lines: (Line | string)[] = [...log]
      lines[2] = line
      expect(inShort(await check(lines, { last, kept: [kept] }))).toBe('edit 3')
    },
  )

  it('is another hash before an entry, told by the entry behind it', async () => {
    const previous = 'f'.repeat(64)
    for (const k of [1, 2, 150, size - 1]) {
      expect(await judge(replaced(k, rehashed(at(k), { previous })))).toBe(`edit ${k}`)
    }
    // Nothing follows the last one: either of the two may have been replaced.
    expect(await judge(replaced(size, rehashed(at(size), { previous })))).toBe(`edit ${size - 1}`)
  })
})

/** The log as somebody would have it who writes it anew from entry k on, hashes and all. */
const forked = (k: number) => grown(log.slice(0, k - 1), size, thiefActor)

describe('a past that was written anew from an entry on', () => {
  it('is found by the first checkpoint behind it, if the last one was not signed anew', async () => {
    for (const k of everyEntry) {
      expect(await judge(forked(k))).toBe(k <= keptSize ? 'fork 1' : `fork ${keptSize + 1}`)
    }
  })

  it('and signed with another key is found: the old tree and the old key say so', async () => {
    for (let k = 1; k <= size; k += 37) {
      const lines = forked(k)
      const note = lastLine(await noteOver(lines, thief), thief)
      const expected = k <= keptSize ? 'fork 1' : `signature ${size}`
      expect(inShort(await check(lines, { last: note, kept: [kept] }))).toBe(expected)
      // Without a key of the auditor's own, the kept checkpoint is signed with another than the export.
      const unnamed = k <= keptSize ? 'fork 1' : `signature ${keptSize}`
      expect(inShort(await check(lines, { last: note, kept: [kept], keys: [] }))).toBe(unnamed)
    }
  })

  it('and signed with the stolen key is found exactly as far as a kept checkpoint reaches', async () => {
    for (const k of [1, 2, keptSize - 1, keptSize, keptSize + 1, size]) {
      const lines = forked(k)
      const stolen = lastLine(await noteOver(lines))
      const expected = k <= keptSize ? 'fork 1' : 'good'
      expect(inShort(await check(lines, { last: stolen, kept: [kept] }))).toBe(expected)
      // Only somebody else's memory tells: without any, nothing does.
      expect(inShort(await check(lines, { last: stolen }))).toBe('good')
    }
  })

  it('lies between the last kept checkpoint that is right and the first that is not', async () => {
    const notes = await Promise.all([50, 100, 200].map((n) => noteOver(log.slice(0, n))))
    for (const [k, expected] of [
      [50, 'fork 1'],
      [51, 'fork 51'],
      [100, 'fork 51'],
      [101, 'fork 101'],
      [200, 'fork 101'],
      [201, 'fork 201'],
    ] as const) {
      expect(inShort(await check(forked(k), { last, kept: notes }))).toBe(expected)
    }
  })
})

describe('an end that was cut off together with its checkpoint', () => {
  it('is found exactly as far as a kept checkpoint reaches', async () => {
    for (const k of [1, keptSize - 1, keptSize, keptSize + 1, size - 1]) {
      const lines = log.slice(0, k)
      const earlier = lastLine(await noteOver(lines))
      const expected = k < keptSize ? `truncation ${k + 1}` : 'good'
      expect(inShort(await check(lines, { last: earlier, kept: [kept] }))).toBe(expected)
    }
  })
})

describe('a checkpoint', () => {
  it('with another size or root under the old signature is forged', async () => {
    const more = kept.replace(`\n${keptSize}\n`, `\n${keptSize + 1}\n`)
    expect(inShort(await check(log, { last, kept: [more] }))).toBe(`signature ${keptSize + 1}`)
  })

  it('of another log proves nothing about this one', async () => {
    const foreign = grown([], 10).map((line) => rehashed(line, { ledger: 'organisation:9' }))
    expect(inShort(await check(foreign, { last }))).not.toBe('good')
  })

  it('may be signed with an older key of the same log, when that is named too', async () => {
    const old = await noteOver(log.slice(0, 10), thief)
    const keys = [keyOf(signer), keyOf(thief)]
    expect(inShort(await check(log, { last, kept: [old], keys }))).toBe('good')
    expect(inShort(await check(log, { last, kept: [old] }))).toBe('signature 10')
  })
})
