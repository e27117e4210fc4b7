/** What an organisation no longer keeps: what goes, what stays, and what holds afterwards. */
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import { fromBase64, fromHex } from '../../src/ledger/bytes.ts'
import { growTree } from '../../src/ledger/growth.ts'
import { logOf, proveConsistency, proveInclusion } from '../../src/ledger/proofs.ts'
import { pruneLogs } from '../../src/ledger/pruning.ts'
import { verifyConsistency, verifyInclusion } from '../../src/ledger/tree.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { keptPages } from '../../src/storage/log-pages.ts'
import { api } from '../support/admin.ts'
import {
  at,
  audit,
  createOldLog,
  type OldLog,
  prunedThrough,
  retentionOf,
  rootOver,
  rowsOf,
  textOf,
} from '../support/old-log.ts'

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

/** Undefined: nothing was pruned. */
const lastOf = async (log: OldLog) => {
  const record = JSON.parse((await rowsOf(log)).at(-1)?.record ?? '{}')
  return record.action === 'audit.pruned' ? record : undefined
}

const prune = (changes: Partial<Env> = {}) => pruneLogs({ ...env, ...changes } as Env, Date.now())

/** 700 entries, of which the first so many are older than what is kept by default. */
const createLog = (old: number, size = 700) => createOldLog(size, (n) => (n <= old ? 401 : 399))

describe('pruning', () => {
  it('takes whole tiles from the beginning, and is itself an entry about what went', async () => {
    const log = await createLog(520)
    const before = await rowsOf(log)
    await prune()
    const after = await rowsOf(log)
    expect(after.slice(0, -1)).toEqual(before.slice(512))
    expect(await lastOf(log)).toMatchObject({
      sequence: 701,
      actor: { kind: 'system' },
      resource: { type: 'AUDIT_LOG', id: String(log.id) },
      log: 'Audit log pruned: entries 1 to 512 are older than 400 days',
      after: { through: 512, root: rootOver(before.slice(0, 512)), days: 400 },
      previous: before.at(-1)?.hash,
    })
    expect(await retentionOf(log)).toEqual({ days: 400, floor: 90, pruned_through: 512 })
    await prune()
    expect(await rowsOf(log)).toEqual(after)
  })

  it.each([
    ['younger by a minute than what clocks may differ by', 400 + 4 / (24 * 60), 0],
    ['older by a minute', 400 + 6 / (24 * 60), 256],
  ])('looks at every entry of a tile: one is %s', async (_, age, expected) => {
    const log = await createOldLog(300, (n) => (n === 100 ? age : 401))
    await prune()
    expect(await prunedThrough(log)).toBe(expected)
  })

  it('keeps what the organisation or the operator wants kept', async () => {
    const log = await createOldLog(300, () => 100)
    await prune()
    expect(await prunedThrough(log)).toBe(0)
    await api('PUT', `${at(log)}/retention/`, { days: 90 }, log.auth)
    await prune({ AUDIT_RETENTION_FLOOR_DAYS: '101' })
    for (const floor of ['', 'x', '-1', '1e3', 'Infinity']) {
      await expect(prune({ AUDIT_RETENTION_FLOOR_DAYS: floor })).rejects.toThrow('whole number')
    }
    expect(await prunedThrough(log)).toBe(0)
    await prune()
    expect(await lastOf(log)).toMatchObject({ after: { through: 256, days: 90 } })
  })

  it('goes on with the next cron where there is much of it', async () => {
    const log = await createLog(4_600, 4_600)
    await prune()
    expect(await prunedThrough(log)).toBe(4_096)
    await prune()
    expect(await prunedThrough(log)).toBe(4_352)
    await prune()
    const last = await lastOf(log)
    expect(last).toMatchObject({ sequence: 4_602, before: { through: 4_096 } })
    expect(await audit(log, [])).toMatchObject({ kind: 'good', entries: 4_602 })
  })

  it('happens once when two crons come at the same time', async () => {
    const log = await createLog(520)
    await Promise.all([prune(), prune(), prune()])
    const records = (await rowsOf(log)).map(({ record }) => JSON.parse(record))
    expect(records.filter(({ action }) => action === 'audit.pruned')).toHaveLength(1)
    expect(records).toHaveLength(700 - 512 + 1)
    expect(await audit(log, [])).toMatchObject({ kind: 'good' })
  })

  it('is not half done when the batch fails, and is done by the next cron', async () => {
    const log = await createLog(520)
    const before = await rowsOf(log)
    // A database that gives up in the middle of the deletion.
    await run(`CREATE TRIGGER fails BEFORE DELETE ON entries WHEN OLD.sequence = 300
      BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
    await prune()
    await run('DROP TRIGGER fails')
    expect(await rowsOf(log)).toEqual(before)
    expect(await prunedThrough(log)).toBe(0)
    await prune()
    expect(await prunedThrough(log)).toBe(512)
    expect(await audit(log, [])).toMatchObject({ kind: 'good', entries: 701 })
  })
})

describe('a log that is not what was promised', () => {
  afterEach(() => vi.restoreAllMocks())

  it.each([
    ['an entry is another', "UPDATE entries SET record = replace(record, 'Name', 'Game')"],
    ['an entry has another hash', "UPDATE entries SET hash = printf('%064d', 1), record = '{}'"],
    ['an entry is gone', 'DELETE FROM entries'],
  ])('is not pruned, and that is said: %s', async (_, sql) => {
    const log = await createLog(520)
    await growTree(env, log.ledger)
    const triggers = ['entries_are_not_edited', 'entries_go_by_pruning']
    const { results } = await env.DB.prepare(
      'SELECT name, sql FROM sqlite_master WHERE name IN (?, ?)',
    )
      .bind(...triggers)
      .all<{ name: string; sql: string }>()
    for (const { name } of results) await run(`DROP TRIGGER ${name}`)
    await run(`${sql} WHERE ledger = ? AND sequence = 7`, log.ledger)
    for (const trigger of results) await run(trigger.sql)
    const before = await rowsOf(log)
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    await prune()
    expect(await rowsOf(log)).toEqual(before)
    expect(await prunedThrough(log)).toBe(0)
    expect(JSON.stringify(told.mock.calls)).toContain('audit.tampered')
    await run('DELETE FROM organisations WHERE id = ?', log.id)
  })

  it('cannot be deleted but by pruning, nor pruned where the tree does not know it', async () => {
    const log = await createLog(520)
    const remove = 'DELETE FROM entries WHERE ledger = ? AND sequence'
    await expect(run(`${remove} = 1`, log.ledger)).rejects.toThrow('never deleted but by pruning')
    const claim = (through: number) =>
      run('INSERT INTO prunings VALUES (?, ?)', log.ledger, through)
    await expect(claim(256)).rejects.toThrow('only when the tree keeps its hash')
    await growTree(env, log.ledger)
    for (const through of [255, 768]) {
      await expect(claim(through)).rejects.toThrow('only when the tree keeps its hash')
    }
    await prune()
    await expect(run(`${remove} = 513`, log.ledger)).rejects.toThrow('but by pruning')
    for (const sql of ['UPDATE prunings SET through = 256', 'DELETE FROM prunings']) {
      await expect(run(`${sql} WHERE ledger = ?`, log.ledger)).rejects.toThrow('does not come back')
    }
    const tiles = run('DELETE FROM tree_tiles WHERE ledger = ?', log.ledger)
    await expect(tiles).rejects.toThrow('never deleted')
  })
})

describe('a log that was pruned', () => {
  it('goes on: an export is good against every older checkpoint, and new entries follow', async () => {
    const log = await createLog(520)
    const kept = [await textOf(log, 'checkpoint/')]
    await prune()
    const tombstone = await textOf(log, 'checkpoint/')
    expect(tombstone.split('\n')[1]).toBe('701')
    kept.push(tombstone)
    const verdict = await audit(log, kept)
    expect(verdict).toMatchObject({ kind: 'good', entries: 701 })
    expect(JSON.stringify(verdict)).toContain('pruned: 512 entries')
    expect(JSON.stringify(verdict)).not.toContain('erased')
    await api('PUT', `${at(log)}/retention/`, { days: 365 }, log.auth)
    expect(await audit(log, kept)).toMatchObject({ kind: 'good', entries: 702 })
  })

  it('still proves every entry, by every size it ever had', async () => {
    const log = await createLog(520)
    const rows = await rowsOf(log)
    await prune()
    const proofs = logOf({ id: log.id, uuid: 'x' })
    for (const size of [100, 256, 513, 700]) {
      const root = fromHex(rootOver(rows.slice(0, size)))
      for (const sequence of [1, 256, 257, 513].filter((n) => n <= size)) {
        const told = await proveInclusion(env, proofs, { sequence, size })
        if (told.kind !== 'ok') throw new Error(JSON.stringify(told))
        const leaf = fromHex(rows[sequence - 1]?.hash ?? '')
        const proof = told.value.hashes.map((hash) => fromBase64(hash) as Uint8Array)
        expect(verifyInclusion({ index: sequence - 1, size, leaf, root, proof })).toBe(true)
      }
      const told = await proveConsistency(env, proofs, { from: size, to: undefined })
      if (told.kind !== 'ok') throw new Error(JSON.stringify(told))
      const { to, toRoot, hashes } = told.value
      const proof = hashes.map((hash) => fromBase64(hash) as Uint8Array)
      const present = fromBase64(toRoot) as Uint8Array
      const path = { from: size, to, fromRoot: root, toRoot: present, proof }
      expect(verifyConsistency(path)).toBe(true)
    }
  })

  it('breaks an export off rather than leave a gap when it is pruned meanwhile', async () => {
    const log = await createOldLog(1_400, (n) => (n <= 1_300 ? 401 : 399))
    const pages = keptPages(openDatabase(env.DB), log.ledger, { after: 0, upTo: 1_400 })
    expect((await pages.next()).value?.at(-1)?.sequence).toBe(1_000)
    await prune()
    expect(await prunedThrough(log)).toBe(1_280)
    await expect(pages.next()).rejects.toThrow('begin again')
  })
})
