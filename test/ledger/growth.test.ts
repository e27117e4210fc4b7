/** Long logs: tiles, what is read for a proof, and many who ask at once. */
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import worker from '../../src/index.ts'
import { fromBase64, fromHex, toHex } from '../../src/ledger/bytes.ts'
import { growTree, lastPromise } from '../../src/ledger/growth.ts'
import { promiseLogs } from '../../src/ledger/promising.ts'
import { instanceLog, logOf, proveConsistency, proveInclusion } from '../../src/ledger/proofs.ts'
import {
  appendLeaf,
  type Hash,
  type Peaks,
  rootOfPeaks,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/tree.ts'
import { pruneEntries } from '../../src/storage/audit-retention.ts'
import { openDatabase, runBatch } from '../../src/storage/database.ts'
import { recordingDatabase, scansOf } from '../support/queries.ts'

// Tens of thousands of entries: a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

let next = 700_000

/** A log of its own, whose entries are only as real as the tree needs them. */
function newLog() {
  const id = next++
  return logOf({ id, uuid: crypto.randomUUID() })
}

const append = (ledger: string, from: number, to: number) =>
  env.DB.prepare(`
    INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, resource_type,
      created_at, record)
    WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    SELECT ?, i, lower(hex(randomblob(32))), 'change', 'test', 'system', 'FEATURE', 0, '{}' FROM n`)
    .bind(from, to, ledger)
    .run()

async function leavesOf(ledger: string): Promise<Hash[]> {
  const { results } = await env.DB.prepare(
    'SELECT hash FROM entries WHERE ledger = ? ORDER BY sequence',
  )
    .bind(ledger)
    .all<{ hash: string }>()
  return results.map(({ hash }) => fromHex(hash))
}

function rootsOf(leaves: Hash[], sizes: number[]): Map<number, Hash> {
  const peaks: Peaks = []
  const roots = new Map<number, Hash>([[0, rootOfPeaks(peaks)]])
  for (const [index, leaf] of leaves.entries()) {
    appendLeaf(peaks, leaf)
    if (sizes.includes(index + 1)) roots.set(index + 1, rootOfPeaks(peaks))
  }
  return roots
}

async function grown(ledger: string) {
  const outcome = await growTree(env, ledger)
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

const bytes = (base64: string): Hash => {
  const read = fromBase64(base64)
  if (read === undefined) throw new Error('no base64')
  return read
}

type Log = ReturnType<typeof newLog>

async function checkProofs(log: Log, size: number, leaves: Hash[], roots: Map<number, Hash>) {
  const root = roots.get(size) as Hash
  for (const sequence of new Set([1, 256, 257, size - 1, size].filter((n) => n > 0 && n <= size))) {
    const told = await proveInclusion(env, log, { sequence, size })
    if (told.kind !== 'ok') throw new Error(JSON.stringify(told))
    const leaf = leaves[sequence - 1] as Hash
    const proof = told.value.hashes.map(bytes)
    expect(verifyInclusion({ index: sequence - 1, size, leaf, root, proof })).toBe(true)
  }
  for (const [from, fromRoot] of roots) {
    if (from > size) continue
    const told = await proveConsistency(env, log, { from, to: size })
    if (told.kind !== 'ok') throw new Error(JSON.stringify(told))
    const proof = told.value.hashes.map(bytes)
    expect(verifyConsistency({ from, to: size, fromRoot, toRoot: root, proof })).toBe(true)
  }
}

const tilesOf = async (ledger: string, level: number) =>
  (
    await env.DB.prepare('SELECT count(*) AS n FROM tree_tiles WHERE ledger = ? AND level = ?')
      .bind(ledger, level)
      .first<{ n: number }>()
  )?.n

describe('a tree that grows', () => {
  it('has the right root and proofs around every border of a tile', async () => {
    const log = newLog()
    const sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000]
    let size = 0
    for (const to of sizes) {
      if (to > size) await append(log.ledger, size + 1, to)
      size = to
      const roots = rootsOf(await leavesOf(log.ledger), sizes)
      expect(await grown(log.ledger)).toEqual({ size, root: toHex(roots.get(size) as Hash) })
      expect(await tilesOf(log.ledger, 0)).toBe(Math.floor(size / 256))
    }
    const leaves = await leavesOf(log.ledger)
    const roots = rootsOf(leaves, sizes)
    for (const to of sizes.slice(1)) await checkProofs(log, to, leaves, roots)
  })

  it('has upper tiles too, filled in steps or all at once', async () => {
    const log = newLog()
    const sizes = [16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 66_000, 70_000]
    await append(log.ledger, 1, 66_000)
    await grown(log.ledger)
    expect([await tilesOf(log.ledger, 0), await tilesOf(log.ledger, 1)]).toEqual([257, 1])
    await append(log.ledger, 66_001, 70_000)
    const leaves = await leavesOf(log.ledger)
    const roots = rootsOf(leaves, sizes)
    expect((await grown(log.ledger)).root).toBe(toHex(roots.get(70_000) as Hash))
    for (const to of [16_384, 65_536, 65_537, 70_000]) await checkProofs(log, to, leaves, roots)
    // Tiles follow from the entries: whoever takes them away takes nothing.
    await env.DB.prepare('DELETE FROM tree_tiles WHERE ledger = ?').bind(log.ledger).run()
    expect((await grown(log.ledger)).root).toBe(toHex(roots.get(70_000) as Hash))
    await checkProofs(log, 70_000, leaves, roots)
  })

  it('goes on to prove entries whose rows are gone, once their tile is complete', async () => {
    const log = newLog()
    const sizes = [100, 300, 600, 700]
    await append(log.ledger, 1, 600)
    await grown(log.ledger)
    const first = await leavesOf(log.ledger)
    await runBatch(openDatabase(env.DB), pruneEntries(openDatabase(env.DB), log.ledger, 512))
    await append(log.ledger, 601, 700)
    const leaves = [...first.slice(0, 512), ...(await leavesOf(log.ledger))]
    const roots = rootsOf(leaves, sizes)
    for (const to of sizes) await checkProofs(log, to, leaves, roots)
  })

  it('refuses a tile that was changed or taken away', async () => {
    const log = newLog()
    await append(log.ledger, 1, 600)
    await grown(log.ledger)
    const edit = env.DB.prepare("UPDATE tree_tiles SET root = 'x' WHERE ledger = ?")
    await expect(edit.bind(log.ledger).run()).rejects.toThrow('is never edited')
    await env.DB.prepare('DELETE FROM tree_tiles WHERE ledger = ? AND position = 0')
      .bind(log.ledger)
      .run()
    const refused = await growTree(env, log.ledger)
    expect(refused).toMatchObject({ kind: 'conflict', code: 'audit-log-tampered' })
  })

  it('never promises two trees that contradict each other, whoever asks at once', async () => {
    const log = newLog()
    const promises: { size: number; root: string }[] = []
    for (let round = 0; round < 6; round++) {
      const from = round * 150
      await append(log.ledger, from + 1, from + 50)
      const [, ...told] = await Promise.all([
        append(log.ledger, from + 51, from + 150),
        ...Array.from({ length: 8 }, () => grown(log.ledger)),
      ])
      promises.push(...told)
    }
    const roots = rootsOf(
      await leavesOf(log.ledger),
      promises.map(({ size }) => size),
    )
    for (const { size, root } of promises) expect(root).toBe(toHex(roots.get(size) as Hash))
  })
})

describe('the cron', () => {
  const errors = vi.spyOn(console, 'error')
  afterEach(() => errors.mockReset())
  const told = () => errors.mock.calls.map(([line]) => JSON.parse(line))

  async function newLogs(count: number, size: number) {
    const logs = Array.from({ length: count }, newLog)
    for (const { ledger } of logs) await append(ledger, 1, size)
    return logs.map(({ ledger }) => ledger)
  }

  const promisedOf = async (ledger: string) => (await lastPromise(env, ledger))?.size

  /** The witness of this ledger cannot be read. */
  const without = (ledger: string): Env['DOCUMENTS'] =>
    new Proxy(env.DOCUMENTS, {
      get:
        (kv, name) =>
        (key: string, ...rest: unknown[]) => {
          if (key === `checkpoint:${ledger}`) throw new Error('KV is down')
          return Reflect.get(kv, name).call(kv, key, ...rest)
        },
    })

  it('promises what was written since the last promise, without being asked', async () => {
    const { ledger } = newLog()
    await append(ledger, 1, 300)
    await worker.scheduled(createScheduledController(), env)
    const root = rootsOf(await leavesOf(ledger), [300]).get(300) as Hash
    expect(await lastPromise(env, ledger)).toEqual({ size: 300, root: toHex(root) })
    await append(ledger, 301, 301)
    await worker.scheduled(createScheduledController(), env)
    expect(await promisedOf(ledger)).toBe(301)
  })

  it("promises the instance's log as well", async () => {
    await append(instanceLog.ledger, 1, 3)
    await promiseLogs(env)
    expect(await promisedOf(instanceLog.ledger)).toBe(3)
  })

  it('asks D1 once where nothing is new, reads no log for it and writes nothing', async () => {
    await newLogs(2, 600)
    await promiseLogs(env)
    const { database, statements } = recordingDatabase()
    await promiseLogs({ DB: database } as Env)
    expect(statements).toHaveLength(1)
    expect(told()).toEqual([])
    for (const statement of statements) {
      expect(new Set(await scansOf(statement))).toEqual(new Set(['SCAN ledgers']))
    }
  })

  it('takes so many logs at once and the others with the next minute', async () => {
    const ledgers = await newLogs(60, 1)
    const left = async () =>
      (await Promise.all(ledgers.map(promisedOf))).filter((size) => size === undefined).length
    await promiseLogs(env)
    expect(await left()).toBe(10)
    await promiseLogs(env)
    expect(await left()).toBe(0)
  })

  it('names the logs that cannot be promised, and promises the others', async () => {
    const [unread = '', changed = '', ...others] = await newLogs(6, 2)
    await grown(changed)
    await env.DOCUMENTS.put(`checkpoint:${changed}`, JSON.stringify({ size: 2, root: 'ab' }))
    await append(changed, 3, 3)
    await promiseLogs({ ...env, DOCUMENTS: without(unread) } as Env)
    expect(await Promise.all(others.map(promisedOf))).toEqual([2, 2, 2, 2])
    expect([await promisedOf(unread), await promisedOf(changed)]).toEqual([undefined, 2])
    expect(new Set(told().map(({ event, ledger }) => `${event} ${ledger}`))).toEqual(
      new Set([`audit.promise-failed ${unread}`, `audit.tampered ${changed}`]),
    )
    // Somebody has looked, and KV is back.
    await env.DOCUMENTS.delete(`checkpoint:${changed}`)
    await promiseLogs(env)
    expect([await promisedOf(unread), await promisedOf(changed)]).toEqual([2, 3])
  })

  it('may run twice at once', async () => {
    const ledgers = await newLogs(5, 257)
    await Promise.all([promiseLogs(env), promiseLogs(env), promiseLogs(env)])
    expect(await Promise.all(ledgers.map(promisedOf))).toEqual([257, 257, 257, 257, 257])
    for (const ledger of ledgers) {
      const root = rootsOf(await leavesOf(ledger), [257]).get(257) as Hash
      expect((await lastPromise(env, ledger))?.root).toBe(toHex(root))
    }
    expect(told()).toEqual([])
  })
})
