/** Wraps what the Worker calls so that calls fail: half of those before they take effect, half after. */
import type { Env } from '../../src/env.ts'
import { createRandom, type Random } from '../support/walk/random.ts'

export type ChaosEnv = Env & { CHAOS_FAULTS: string; CHAOS_SEED: string }

let random: Random | undefined
let calls = 0

/** Said at once, because this process may be dead in a moment: what fails, and the calls since the last. */
function fail(when: string, name: string): never {
  console.log(JSON.stringify({ event: 'chaos.fault', when, name, calls }))
  calls = 0
  throw new Error(`injected: ${when} ${name}`)
}

type Guard = <T>(name: string, call: () => Promise<T>) => Promise<T>

export function guardFor(env: ChaosEnv): Guard {
  random ??= createRandom(Number(env.CHAOS_SEED))
  const { chance } = random
  const half = Number(env.CHAOS_FAULTS) / 2
  return async (name, call) => {
    calls++
    if (chance(half)) fail('before', name)
    const result = await call()
    if (chance(half)) fail('after', name)
    return result
  }
}

type Member = (...args: unknown[]) => Promise<unknown>

export function guarded<T extends object>(target: T, guard: Guard, name: string): T {
  return new Proxy(target, {
    get: (_, method) => {
      const member = Reflect.get(target, method) as Member
      return (...args: unknown[]) =>
        guard(`${name}.${String(method)}`, () => member.apply(target, args))
    },
  })
}

const executors = new Set(['all', 'run', 'raw', 'first'])

/** Statements stay the runtime's own beneath: a batch only takes those. */
function guardedDatabase(db: D1Database, guard: Guard): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get: (target, name: keyof D1PreparedStatement & string) => {
        const member = target[name] as Member
        if (name === 'bind') return (...args: unknown[]) => wrap(target.bind(...args))
        if (!executors.has(name)) return member
        return (...args: unknown[]) => guard(`D1.${name}`, () => member.apply(target, args))
      },
    })
    originals.set(proxy, statement)
    return proxy
  }
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'prepare') return (text: string) => wrap(target.prepare(text))
      if (name !== 'batch') return Reflect.get(target, name)
      return (statements: D1PreparedStatement[]) =>
        guard('D1.batch', () =>
          target.batch(statements.map((statement) => originals.get(statement) ?? statement)),
        )
    },
  })
}

export function withFaults(env: ChaosEnv): ChaosEnv {
  const guard = guardFor(env)
  return {
    ...env,
    DB: guardedDatabase(env.DB, guard),
    DOCUMENTS: guarded(env.DOCUMENTS, guard, 'KV'),
    DELIVERIES: guarded(env.DELIVERIES, guard, 'queue'),
  }
}
