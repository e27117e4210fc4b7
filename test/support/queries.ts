/** Asks the Worker and writes down every D1 statement that it runs for the answer. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { serve } from '../../src/app.ts'

export type Statement = { sql: string; values: unknown[] }

const executors = new Set(['all', 'run', 'raw', 'first'])

/** The runtime's own statements go into a batch: it takes no others. */
function recording(statements: Statement[]): D1Database {
  const originals = new WeakMap<object, { real: D1PreparedStatement; told: Statement }>()
  const wrap = (real: D1PreparedStatement, told: Statement): D1PreparedStatement => {
    const proxy = new Proxy(real, {
      get: (target, name: keyof D1PreparedStatement & string) => {
        const member = target[name] as (...args: unknown[]) => unknown
        if (name === 'bind') {
          return (...values: unknown[]) => wrap(target.bind(...values), { ...told, values })
        }
        return (...args: unknown[]) => {
          if (executors.has(name)) statements.push(told)
          return member.apply(target, args)
        }
      },
    })
    originals.set(proxy, { real, told })
    return proxy
  }
  return new Proxy(env.DB, {
    get: (target, name) => {
      if (name === 'prepare') {
        return (sql: string) => wrap(target.prepare(sql), { sql, values: [] })
      }
      if (name !== 'batch') return Reflect.get(target, name)
      return (batch: D1PreparedStatement[]) =>
        target.batch(
          batch.map((one) => {
            const original = originals.get(one)
            if (original === undefined) return one
            statements.push(original.told)
            return original.real
          }),
        )
    },
  })
}

/** The database, and what is asked of it from now on. */
export function recordingDatabase(): { database: D1Database; statements: Statement[] } {
  const statements: Statement[] = []
  return { database: recording(statements), statements }
}

/** `path` is below `/api/v1/`. */
export async function readWithQueries<T>(
  path: string,
  auth: string,
): Promise<{ status: number; body: T; statements: Statement[] }> {
  const statements: Statement[] = []
  const context = createExecutionContext()
  const response = await serve(
    new Request(`http://localhost/api/v1/${path}`, { headers: { Authorization: auth } }),
    { ...env, DB: recording(statements) },
    context,
  )
  const body = (await response.json()) as T
  await waitOnExecutionContext(context)
  return { status: response.status, body, statements }
}

/** The tables and indexes that SQLite would read from end to end; what is made by the way is not one. */
export async function scansOf({ sql, values }: Statement): Promise<string[]> {
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ detail: string }>()
  return results
    .map((row) => row.detail)
    .filter((detail) => /^SCAN (?!json_each|CONSTANT|\(|(LIST )?SUBQUERY)/.test(detail))
}
