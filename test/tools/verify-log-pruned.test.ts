/** Logs whose beginning is pruned: what still holds, and every way to misuse that something may be gone. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../src/domain/write.ts'
import { canonicalJson } from '../../src/ledger/chain.ts'
import {
  check,
  grown,
  hashOf,
  inShort,
  type Line,
  lastLine,
  lineOf,
  noteOver,
  pruned,
  prunedLine,
  tombstoneOver,
} from './audit-log.ts'

vi.setConfig({ testTimeout: 60_000 })

const through = 512
const size = 650
const keptSize = 180

/** Pruned twice: first its first tile, later the second as well. */
const before = grown([], 600)
const first = [...before, tombstoneOver(before, 256)]
const second = grown(first, 620)
const log = grown([...second, tombstoneOver(second, through)], size)
const exported = pruned(log, through)
const firstKept = exported.findIndex((line) => typeof line !== 'string')

let last: string
let kept: string

beforeAll(async () => {
  last = lastLine(await noteOver(log))
  kept = await noteOver(log.slice(0, keptSize))
})

const judge = async (lines: (Line | string)[]) =>
  inShort(await check(lines, { last, kept: [kept] }))
const at = (sequence: number): Line => log[sequence - 1] as Line

/** The entries that a line of the export stands for. */
const placeOf = (index: number) =>
  index < firstKept
    ? { from: index * 256 + 1, to: index * 256 + 256 }
    : { from: through + 1 + index - firstKept, to: through + 1 + index - firstKept }

const places = exported.map((_, index) => ({ index, ...placeOf(index) }))

const rehashed = (line: Line, more: JsonObject): Line => {
  const record = canonicalJson({ ...(JSON.parse(line.record) as JsonObject), ...more })
  return { ...line, record, hash: hashOf(record) }
}

describe('a log that was pruned as it says', () => {
  it('is good, and tells how much is gone', async () => {
    const verdict = await check(exported, { last, kept: [kept] })
    expect(verdict).toMatchObject({ kind: 'good', entries: size })
    expect(verdict.kind === 'good' && verdict.lines).toContainEqual(
      expect.stringContaining('pruned: 512 entries'),
    )
  })

  it('is held against every older checkpoint, also of what is gone', async () => {
    for (const n of [0, 1, 100, 255, 256, 257, 511, 512, 513, 600, 601, size]) {
      const note = await noteOver(log.slice(0, n))
      expect(inShort(await check(exported, { last, kept: [note] })), `${n}`).toBe('good')
      if (n === 0) continue
      const other = await noteOver([...log.slice(0, n - 1), lineOf(n, 'f'.repeat(64))])
      expect(inShort(await check(exported, { last, kept: [other] })), `${n}`).toBe('fork 1')
    }
  })
})

describe('of every line is found', () => {
  it('that it is gone', async () => {
    for (const { index, from, to } of places) {
      const expected = to < size ? `deletion ${from}` : `truncation ${size}`
      expect(await judge(exported.toSpliced(index, 1)), `line ${index}`).toBe(expected)
    }
  })

  it('that it is there twice', async () => {
    for (const { index, from } of places) {
      const twice = exported.toSpliced(index, 0, exported[index] as Line)
      expect(await judge(twice), `line ${index}`).toBe(`insertion ${from}`)
    }
  })

  it('that it has changed places with the next', async () => {
    for (const { index, from } of places.slice(0, -1)) {
      const swapped = exported
        .with(index, exported[index + 1] as Line)
        .with(index + 1, exported[index] as Line)
      expect(await judge(swapped), `line ${index}`).toBe(`swap ${from}`)
    }
  })

  it('that the log ends before it, also where the entry about the pruning is cut off', async () => {
    for (const { index, from } of places) {
      expect(await judge(exported.slice(0, index)), `line ${index}`).toBe(`truncation ${from}`)
    }
  })
})

describe('of what is pruned is found', () => {
  it('every hash that is another: by the tree, the last one by the entry that follows it', async () => {
    for (let k = 1; k <= through; k++) {
      const other = log.with(k - 1, { ...at(k), hash: hashOf(`another ${k}`) })
      const expected =
        k === through ? `edit ${k}` : k <= keptSize ? 'fork 1' : `fork ${keptSize + 1}`
      expect(await judge(pruned(other, through)), `entry ${k}`).toBe(expected)
    }
  })

  const hashes = log.slice(0, 256).map(({ hash }) => hash)
  const joined = hashes.join('')

  it.each([
    ['another beginning', { from: 2, to: 257, hashes: joined }],
    ['another end', { from: 1, to: 255, hashes: joined }],
    ['two tiles in one', { from: 1, to: 512, hashes: joined + joined }],
    ['no whole tile', { from: 1, to: 255, hashes: joined.slice(64) }],
    ['too few hashes', { from: 1, to: 256, hashes: joined.slice(64) }],
    ['too many hashes', { from: 1, to: 256, hashes: joined + hashes[0] }],
    ['half a hash', { from: 1, to: 256, hashes: joined.slice(1) }],
    ['hashes in capitals', { from: 1, to: 256, hashes: joined.toUpperCase() }],
    ['what is no hash', { from: 1, to: 256, hashes: joined.replace(/^./, 'x') }],
  ])('a line with %s', async (_, told) => {
    expect(await judge(exported.with(0, prunedLine(told)))).toBe('edit 1')
  })

  it.each([
    '{"pruned":null}',
    '{"pruned":{}}',
    '{"pruned":{"from":1,"to":256}}',
    '{"pruned":{"from":"1","to":"256","hashes":[]}}',
    '{"pruned":',
  ])('a line that is none: %s', async (line) => {
    expect(await judge(exported.with(0, line))).toBe('edit 1')
    expect(await judge(exported.with(1, line))).toBe('edit 257')
  })

  it('a tile in another’s place, with numbers that fit', async () => {
    const [tile = ''] = exported as string[]
    const moved = tile.replace('"from":1,"to":256', '"from":257,"to":512')
    expect(await judge(exported.with(1, moved))).toBe('edit 512')
  })

  it('an entry of it that is there as well', async () => {
    expect(await judge(exported.toSpliced(firstKept, 0, at(through)))).toBe(`insertion ${through}`)
  })

  it('another hash before the first entry that is kept', async () => {
    const other = rehashed(at(through + 1), { previous: 'f'.repeat(64) })
    expect(await judge(exported.with(firstKept, other))).toBe(`edit ${through + 1}`)
  })
})

describe('a beginning that somebody took away', () => {
  /** As the thief would export it: with right hashes, and signed by the unsuspecting server. */
  const judgeSigned = async (lines: Line[], gone: number) => {
    const signed = lastLine(await noteOver(lines))
    return inShort(await check(pruned(lines, gone), { last: signed, kept: [kept] }))
  }

  it('is missing when no entry says that it was pruned', async () => {
    expect(await judgeSigned(grown([], size), 256)).toBe('deletion 1')
    expect(await judgeSigned(grown([], size), through)).toBe('deletion 1')
  })

  it('is missing as far as it goes beyond what was pruned', async () => {
    expect(await judgeSigned(first, 256)).toBe('good')
    expect(await judgeSigned(first, 512)).toBe('deletion 257')
  })

  it('is missing when what was pruned were others, by the entry about it', async () => {
    const other = [lineOf(1, '0'.repeat(64), { log: 'another' }), ...before.slice(1)]
    const told = tombstoneOver(other, 256).record
    const { action, after } = JSON.parse(told) as JsonObject
    const lines = [
      ...before,
      lineOf(601, before.at(-1)?.hash ?? '', { action, after } as JsonObject),
    ]
    expect(await judgeSigned(lines, 256)).toBe('fork 1')
  })

  it.each([{}, { through: 256 }, { through: '512', root: 'x' }, { through: 100, root: 'x' }, null])(
    'is missing when the entry about it says nothing of use: %j',
    async (after) => {
      const lines = [
        ...before,
        lineOf(601, before.at(-1)?.hash ?? '', { action: 'audit.pruned', after }),
      ]
      expect(await judgeSigned(lines, 256)).toBe('fork 1')
    },
  )

  it('in the middle is no beginning', async () => {
    const lines: (Line | string)[] = [...log]
    lines.splice(256, 256, exported[1] as string)
    expect(await judge(lines)).toBe('deletion 257')
    // As little as behind everything.
    expect(
      await judge([...exported, prunedLine({ from: 769, to: 1024, hashes: 'a'.repeat(16_384) })]),
    ).toBe(`deletion ${size + 1}`)
  })
})

it('an entry about a pruning that was edited is an edit like any other', async () => {
  const tombstone = at(621)
  expect(JSON.parse(tombstone.record).action).toBe('audit.pruned')
  const index = exported.indexOf(tombstone)
  const edited = {
    ...tombstone,
    record: tombstone.record.replace('"through":512', '"through":768'),
  }
  expect(await judge(exported.with(index, edited))).toBe('edit 621')
  expect(await judge(exported.with(index, rehashed(tombstone, { action: 'x' })))).toBe('edit 621')
})
