/**
 * The run's clock inside the Worker (clock.ts). Loaded before the Worker itself, which keeps `Date.now` in
 * constants. Timers and the queue's delays go at the machine's speed: they are never ahead.
 */
import { env } from 'cloudflare:workers'

const machineNow = Date.now
let ahead = Number((env as unknown as { CHAOS_AHEAD: string }).CHAOS_AHEAD)
Date.now = () => machineNow() + ahead

export const setAhead = (ms: number): void => {
  ahead = ms
}

type Member = (...args: unknown[]) => unknown

/** The runtime's alarms know the machine's time only: one that is set comes as soon as it would have come. */
export const onClock = (storage: DurableObjectStorage): DurableObjectStorage =>
  new Proxy(storage, {
    get: (target, name) => {
      if (name === 'setAlarm') return (at: number) => target.setAlarm(at - ahead)
      if (name === 'getAlarm') {
        return async () => {
          const at = await target.getAlarm()
          return at === null ? null : at + ahead
        }
      }
      return (Reflect.get(target, name) as Member).bind(target)
    },
  })
