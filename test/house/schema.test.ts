/** D1's tables are what Drizzle believes, and the migrations build them from any prefix. */
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'

const modules: Record<string, Record<string, unknown>> = import.meta.glob(
  '../../src/storage/*.ts',
  {
    eager: true,
  },
)

const tables = Object.values(modules)
  .flatMap((module) => Object.values(module))
  .filter((value) => value instanceof SQLiteTable)
  .map((table) => getTableConfig(table))

type Column = { name: string; type: string; notnull: number; pk: number }

const columnsOf = async (table: string) =>
  (await env.DB.prepare(`PRAGMA table_info("${table}")`).all<Column>()).results

it('every table of the database is known to Drizzle, and the other way round', async () => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name <> 'd1_migrations'",
  ).all<{ name: string }>()
  expect(tables.map((table) => table.name).sort()).toEqual(results.map((row) => row.name).sort())
})

it.each(tables.map((table) => [table.name, table] as const))(
  'the columns of %s are those that PRAGMA table_info tells',
  async (name, table) => {
    const told = (await columnsOf(name)).map((column) => ({
      name: column.name,
      type: column.type.toLowerCase(),
      required: column.notnull === 1 || column.pk > 0,
    }))
    const believed = table.columns.map((column) => ({
      name: column.name,
      type: column.getSQLType(),
      required: column.notNull,
    }))
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    expect(believed.sort(byName)).toEqual(told.sort(byName))
  },
)

it('every prefix of the migrations applies, and the rest applies on top of it', async () => {
  for (let length = 0; length <= env.MIGRATIONS.length; length++) {
    await reset()
    await applyD1Migrations(env.DB, env.MIGRATIONS.slice(0, length))
    await applyD1Migrations(env.DB, env.MIGRATIONS)
    expect(await columnsOf('entries')).not.toEqual([])
  }
})

it('migrations are numbered in one unbroken row', () => {
  const numbers = env.MIGRATIONS.map((migration) => Number(migration.name.slice(0, 4)))
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
})
