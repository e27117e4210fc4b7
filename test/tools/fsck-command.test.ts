/** `npm run fsck` as a command: its answers, its exit codes, and the exports it reads. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readSource } from '../../src/tools/fsck.ts'
import { checkDatabase } from '../../src/tools/fsck-check.ts'
import { openSource, splitSql } from '../../src/tools/fsck-source.ts'
import { copy, folder, now } from './whole-log.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const tool = join(import.meta.dirname, '../../src/tools/fsck.ts')
const run = (...args: string[]) =>
  spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8', cwd: folder })

describe('the command', () => {
  it('ends with 0 and the rate for what is good, with 1 and every place for what is not', () => {
    const { path, db } = copy()
    const good = run('--file', path)
    expect(good.stdout).toMatch(/\nGOOD: \d+ entries in 2 ledgers \(\d+ entries\/s\)\n/)
    expect(good.status).toBe(0)
    db.exec("UPDATE tags SET label = 'x'")
    const bad = run('--file', path)
    expect(bad.stdout).toMatch(/\nBAD: 1 findings in .*\n {2}tags \d+, column label: the log says/)
    expect(bad.status).toBe(1)
  })

  it('ends with 2 where there is nothing to check, or too much', () => {
    expect(run('--file', join(folder, 'none')).stderr).toContain('does not exist')
    expect(run('--file', tool).stderr).toContain('is no SQLite file and no export')
    for (const args of [[], ['--file', 'x', '--remote'], ['--fix']]) {
      expect([args, run(...args).status]).toEqual([args, 2])
    }
    expect(readSource(['--remote'])).toEqual({ kind: 'remote' })
    expect(readSource(['--help'])).toBe('help')
  })

  it('reads an export, statement by statement, and leaves nothing of it behind', async () => {
    const { db } = copy()
    const quoted = (value: unknown) =>
      typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
    const schema = db
      .prepare("SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite_%'")
      .all()
    const tables = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
    const inserts = tables.flatMap(({ name }) => {
      const columns = db
        .prepare(`PRAGMA table_info("${name}")`)
        .all()
        .map((one) => one.name)
      const rows = db.prepare(`SELECT ${columns.map((one) => `"${one}"`)} FROM "${name}"`).all()
      return rows.map(
        (row) =>
          `INSERT INTO "${name}" (${columns.map((one) => `"${one}"`)}) VALUES(${Object.values(row).map(quoted)});`,
      )
    })
    const dump = join(folder, 'export.sql')
    const made = schema.map(({ sql }) => `${sql};`)
    writeFileSync(dump, ['PRAGMA defer_foreign_keys=TRUE;', ...made, ...inserts].join('\n'))
    const opened = await openSource({ kind: 'file', path: dump })
    expect(checkDatabase(opened.db, now).findings.shown).toEqual([])
    opened.close()
    const trigger = "CREATE TRIGGER t BEFORE UPDATE ON x BEGIN SELECT 'a;b'; END;"
    const sql = `${trigger}\nINSERT INTO x VALUES('it''s; -- no comment');\n-- one; of these\nSELECT 1; SELECT 'half`
    const { statements, rest } = splitSql(sql)
    expect(statements).toHaveLength(3)
    expect(statements[0]).toBe(trigger)
    expect(rest).toBe(" SELECT 'half")
  })
})
