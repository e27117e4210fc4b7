/** Admin load: several writers that give flags new values, and remember what was acknowledged. */
import type { Demo } from '../../src/tools/state-folder.ts'

export type Load = {
  demo: Demo
  /** Values whose change was answered with 200. */
  acknowledged: Set<string>
  /** Values whose request got no answer: in or not in, but never half. */
  unknown: Set<string>
  /** Writes until the server is gone. */
  write(): Promise<{ applied: number; unknown: number }>
  /** Whether the server serves what the admin API says. */
  settled(): Promise<boolean>
  readFlags(): Promise<Map<number, string>>
}

type Page<T> = { results: T[] }
type State = { id: number; feature: number; feature_state_value: unknown }

const writers = 4

export async function connect(demo: Demo, receiverUrl: string): Promise<Load> {
  const [environment] = demo.environments
  if (environment === undefined) throw new Error('the demo has no environment')
  const base = `${demo.url}/api/v1/environments/${environment.client_key}`
  const headers = {
    Authorization: `Api-Key ${demo.organisation_api_key}`,
    'Content-Type': 'application/json',
  }
  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const response = await fetch(`${base}/${path}`, { headers, ...init })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const body = JSON.stringify({ url: receiverUrl, secret: 'chaos' })
  await call('webhooks/', { method: 'POST', body })
  const listStates = async () => (await call<Page<State>>('featurestates/?page_size=999')).results
  const states = (await listStates()).slice(0, writers)
  const acknowledged = new Set<string>()
  const unknown = new Set<string>()
  let last = 0

  async function writer(state: State): Promise<number> {
    for (let applied = 0; ; applied++) {
      const value = `value ${++last}`
      const init = { method: 'PUT', body: JSON.stringify({ feature_state_value: value }) }
      try {
        await call(`featurestates/${state.id}/`, init)
        acknowledged.add(value)
      } catch {
        unknown.add(value)
        return applied
      }
    }
  }

  async function readFlags() {
    const response = await fetch(`${demo.url}/api/v1/flags/`, {
      headers: { 'X-Environment-Key': environment?.client_key ?? '' },
    })
    const flags = (await response.json()) as { id: number; feature_state_value: unknown }[]
    return new Map(flags.map((flag) => [flag.id, String(flag.feature_state_value)]))
  }

  return {
    demo,
    acknowledged,
    unknown,
    readFlags,
    async write() {
      const before = unknown.size
      const counts = await Promise.all(states.map(writer))
      return {
        applied: counts.reduce((sum, count) => sum + count, 0),
        unknown: unknown.size - before,
      }
    },
    async settled() {
      const [flags, now] = await Promise.all([readFlags(), listStates()])
      return now.every((state) => flags.get(state.id) === String(state.feature_state_value))
    },
  }
}
