/** Admin load: writers that give flags new values, and remember what was acknowledged. */
import type { Demo } from '../../src/tools/state-folder.ts'
import { type Endpoint, endpoints } from './endpoints.ts'
import type { Receiver } from './receiver.ts'

export type Load = {
  /** Where all but the organisation's endpoint listen. */
  environmentId: number
  organisationId: number
  webhooks: Record<Endpoint, number>
  /** Values whose change was answered with 200. */
  acknowledged: Set<string>
  /** Values whose request failed or got no answer: in or not in, but never half. */
  unknown: Set<string>
  /** Answers that no fault explains. */
  findings: string[]
  /** Several writers, one change after the other, until the server is gone; says when it answers one. */
  write(onAnswer: () => void): Promise<void>
  /** So many changes at once. */
  burst(changes: number): Promise<void>
  /** Whether the server serves what the admin API says. */
  settled(): Promise<boolean>
  readFlags(): Promise<Map<number, string>>
}

type Page<T> = { results: T[] }
type State = { id: number; feature_state_value: unknown }
/** A state and where it is written. */
type Target = { id: number; path: string }

/** Of several environments in turn. */
const writers = 6

export async function connect(demo: Demo, receiver: Receiver): Promise<Load> {
  const [environment] = demo.environments
  if (environment === undefined) throw new Error('the demo has no environment')
  const keys = demo.environments.map(({ client_key }) => client_key)
  const headers = {
    Authorization: `Api-Key ${demo.organisation_api_key}`,
    'Content-Type': 'application/json',
  }
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${demo.url}/api/v1/${path}`, { headers, ...init })
  async function call<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await send(path, init)
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  async function addWebhook(endpoint: Endpoint, path: string): Promise<number> {
    const url = receiver.urlOf(endpoint)
    const body = JSON.stringify({ url, ...endpoints[endpoint], generate_secret: true })
    const made = await call<{ id: number; secret: string }>(path, { method: 'POST', body })
    receiver.expect(endpoint, made.secret)
    return made.id
  }

  const ofEnvironment = `environments/${environment.client_key}/webhooks/`
  const webhooks = {
    organisation: await addWebhook(
      'organisation',
      `organisations/${demo.organisation_id}/webhooks/`,
    ),
    environment: await addWebhook('environment', ofEnvironment),
    unordered: await addWebhook('unordered', ofEnvironment),
  }
  const listStates = async (key: string) =>
    (await call<Page<State>>(`environments/${key}/featurestates/?page_size=999`)).results
  const lists = await Promise.all(
    keys.map(async (key) =>
      (await listStates(key)).map(
        ({ id }): Target => ({ id, path: `environments/${key}/featurestates/${id}/` }),
      ),
    ),
  )
  const longest = Math.max(...lists.map(({ length }) => length))
  const targets = Array.from({ length: longest }, (_, place) =>
    lists.flatMap((list) => list[place] ?? []),
  ).flat()
  const acknowledged = new Set<string>()
  const unknown = new Set<string>()
  const findings: string[] = []
  let last = 0

  /** False when there is nobody to answer. */
  async function change({ path }: Target): Promise<boolean> {
    const value = `value ${++last}`
    unknown.add(value)
    const body = JSON.stringify({ feature_state_value: value })
    try {
      const response = await send(path, { method: 'PUT', body })
      const text = await response.text()
      if (response.ok) {
        acknowledged.add(value)
        unknown.delete(value)
      } else if (response.status !== 500) {
        findings.push(`${value} was answered with ${response.status} ${text}`)
      }
      return true
    } catch {
      return false
    }
  }

  async function readFlags() {
    const flags = await Promise.all(
      keys.map(async (key) => {
        const headers = { 'X-Environment-Key': key }
        const response = await fetch(`${demo.url}/api/v1/flags/`, { headers })
        return (await response.json()) as State[]
      }),
    )
    return new Map(flags.flat().map((flag) => [flag.id, String(flag.feature_state_value)]))
  }

  return {
    environmentId: environment.id,
    organisationId: demo.organisation_id,
    webhooks,
    acknowledged,
    unknown,
    findings,
    readFlags,
    async write(onAnswer) {
      const writer = async (target: Target) => {
        while (await change(target)) onAnswer()
      }
      await Promise.all(targets.slice(0, writers).map(writer))
    },
    async burst(changes) {
      const chosen = Array.from({ length: changes }, (_, index) => targets[index % targets.length])
      await Promise.all(chosen.map((target) => target && change(target)))
    },
    async settled() {
      const [flags, ...states] = await Promise.all([readFlags(), ...keys.map(listStates)])
      return states
        .flat()
        .every((state) => flags.get(state.id) === String(state.feature_state_value))
    },
  }
}
