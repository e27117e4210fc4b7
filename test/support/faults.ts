/**
 * Bindings of a ledger whose every I/O call is counted, and where one of them can fail: before it
 * takes effect, after it has, or by the death of the object.
 */
import { env as real } from 'cloudflare:workers'
import type { Env } from '../../src/env.ts'

export type Mode = 'throw before' | 'throw after' | 'abort before' | 'abort after'
export const modes: Mode[] = ['throw before', 'throw after', 'abort before', 'abort after']

export type Fault = { at: number; mode: Mode }

/** Deliberate defects that the suite must notice. */
export type Mutant = 'mark the outbox before sending' | 'no alarm'

export type RigPlan = {
  ledger: string
  fault: Fault | null
  mutant: Mutant | null
  /** No call reaches D1 before this: whatever comes until then waits in line together. */
  gate?: Promise<void>
  settings?: Partial<Env>
}

export type Rig = { calls: string[]; fired: boolean; env: Env; ctx: DurableObjectState }

class InjectedFault extends Error {}

type Guard = <T>(name: string, call: () => Promise<T>) => Promise<T>

function guardFor(rig: Rig, state: DurableObjectState, fault: Fault | null): Guard {
  const strike = (mode: Mode, name: string): never => {
    rig.fired = true
    if (mode.startsWith('abort')) state.abort(`injected: ${mode} ${name}`)
    throw new InjectedFault(`injected: ${mode} ${name}`)
  }
  return async (name, call) => {
    rig.calls.push(name)
    const due = fault !== null && fault.at === rig.calls.length
    if (due && fault.mode.endsWith('before')) strike(fault.mode, name)
    const result = await call()
    if (due && fault.mode.endsWith('after')) strike(fault.mode, name)
    return result
  }
}

const executors = new Set(['all', 'run', 'raw', 'first'])

/** Statements stay the runtime's own: a batch only takes those. */
function guardedDatabase(guard: Guard, plan: RigPlan): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement, text: string): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get: (target, name: keyof D1PreparedStatement & string) => {
        const member = target[name] as (...args: unknown[]) => unknown
        if (name === 'bind') return (...args: unknown[]) => wrap(target.bind(...args), text)
        if (!executors.has(name)) return member
        return (...args: unknown[]) =>
          guard(`D1 ${text}`, async () => {
            const result = await member.apply(target, args)
            const lists = text.startsWith('select') && text.includes('group by "outbox"')
            if (lists && plan.mutant === 'mark the outbox before sending') {
              await real.DB.prepare('DELETE FROM outbox WHERE ledger = ?').bind(plan.ledger).run()
            }
            return result
          })
      },
    })
    originals.set(proxy, statement)
    return proxy
  }
  return new Proxy(real.DB, {
    get: (target, name) => {
      if (name === 'prepare') return (text: string) => wrap(target.prepare(text), text)
      if (name === 'batch') {
        return (statements: D1PreparedStatement[]) =>
          guard(`D1 batch of ${statements.length}`, () =>
            target.batch(statements.map((statement) => originals.get(statement) ?? statement)),
          )
      }
      return Reflect.get(target, name)
    },
  })
}

/** Every method of a binding counts as one call. */
function guarded<T extends object>(target: T, guard: Guard, name: string): T {
  return new Proxy(target, {
    get: (_, method) => {
      const member = Reflect.get(target, method)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) =>
        guard(`${name}.${String(method)}`, () => member.apply(target, args))
    },
  })
}

/** Puts the rig under a live ledger: it works with these bindings until it dies. */
export function rigLedger(instance: object, state: DurableObjectState, plan: RigPlan): Rig {
  const rig: Rig = { calls: [], fired: false, env: real, ctx: state }
  const guard = guardFor(rig, state, plan.fault)
  const gated: Guard = async (name, call) => {
    await plan.gate
    return guard(name, call)
  }
  const storage = guarded(state.storage, guard, 'storage')
  rig.env = {
    ...real,
    ...plan.settings,
    DB: guardedDatabase(gated, plan),
    DOCUMENTS: guarded(real.DOCUMENTS, guard, 'KV'),
    DELIVERIES: guarded(real.DELIVERIES, guard, 'queue'),
  }
  rig.ctx = new Proxy(state, {
    get: (target, name) => {
      if (name !== 'storage') return Reflect.get(target, name)
      if (plan.mutant !== 'no alarm') return storage
      return new Proxy(storage, {
        get: (inner, method) =>
          method === 'setAlarm' ? async () => undefined : Reflect.get(inner, method),
      })
    },
  })
  Object.assign(instance, { env: rig.env, ctx: rig.ctx })
  return rig
}
