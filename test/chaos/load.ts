/** Admin load: writers that give flags new values, and remember what was acknowledged. */
import type { Demo } from '../../src/tools/state-folder.ts'
import type { Endpoint, Receiver } from './receiver.ts'

export type Load = {
  environmentId: number
  organisationId: number
  webhooks: Record<Endpoint, number>
  /** Values whose change was answered with 200. */
  acknowledged: Set<string>
  /** Values whose request failed or got no answer: in or not in, but never half. */
  unknown: Set<string>
  /** Answers that no fault explains. */
  findings: string[]
  /** Several writers, one change after the other, until the server is gone. */
  write(): Promise<void>
  /** So many changes at once. */
  burst(changes: number): Promise<void>
  /** Whether the server serves what the admin API says. */
  settled(): Promise<boolean>
  readFlags(): Promise<Map<number, string>>
}

type Page<T> = { results: T[] }
type State = { id: number; feature_state_value: unknown }

const writers = 4

export async function connect(demo: Demo, receiver: Receiver): Promise<Load> {
  const [environment] = demo.environments
  if (environment === undefined) throw new Error('the demo has no environment')
  const inEnvironment = `environments/${environment.client_key}`
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

  async function addWebhook(endpoint: Endpoint, path: string, format: string): Promise<number> {
    const body = JSON.stringify({ url: receiver.urlOf(endpoint), format, generate_secret: true })
    const made = await call<{ id: number; secret: string }>(path, { method: 'POST', body })
    receiver.expect(endpoint, made.secret)
    return made.id
  }

  const ofOrganisation = `organisations/${demo.organisation_id}/webhooks/`
  const webhooks = {
    organisation: await addWebhook('organisation', ofOrganisation, 'standard'),
    environment: await addWebhook('environment', `${inEnvironment}/webhooks/`, 'flagsmith'),
  }
  const listStates = async () =>
    (await call<Page<State>>(`${inEnvironment}/featurestates/?page_size=999`)).results
  const states = await listStates()
  const acknowledged = new Set<string>()
  const unknown = new Set<string>()
  const findings: string[] = []
  let last = 0

  /** False when there is nobody to answer. */
  async function change({ id }: State): Promise<boolean> {
    const value = `value ${++last}`
    unknown.add(value)
    const body = JSON.stringify({ feature_state_value: value })
    try {
      const path = `${inEnvironment}/featurestates/${id}/`
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
    const response = await fetch(`${demo.url}/api/v1/flags/`, {
      headers: { 'X-Environment-Key': environment?.client_key ?? '' },
    })
    const flags = (await response.json()) as { id: number; feature_state_value: unknown }[]
    return new Map(flags.map((flag) => [flag.id, String(flag.feature_state_value)]))
  }

  return {
    environmentId: environment.id,
    organisationId: demo.organisation_id,
    webhooks,
    acknowledged,
    unknown,
    findings,
    readFlags,
    async write() {
      const writer = async (state: State) => {
        while (await change(state));
      }
      await Promise.all(states.slice(0, writers).map(writer))
    },
    async burst(changes) {
      const targets = Array.from({ length: changes }, (_, index) => states[index % states.length])
      await Promise.all(targets.map((state) => state && change(state)))
    },
    async settled() {
      const [flags, now] = await Promise.all([readFlags(), listStates()])
      return now.every((state) => flags.get(state.id) === String(state.feature_state_value))
    },
  }
}
