/** What the end-to-end tests need of a demo: its environments by name, and a feature set anew. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, createApi, list } from '../../src/tools/api.ts'
import type { TestServer } from '../support/server.ts'

export type Environment = TestServer['demo']['environments'][number]

export function environmentOf(server: TestServer, name: string): Environment {
  const found = server.demo.environments.find((environment) => environment.name === name)
  if (found === undefined) throw new Error(`The demo has no environment ${name}.`)
  return found
}

/** The administrator of the demo. */
export const adminOf = ({ url, demo }: TestServer): Api =>
  createApi({ url, authorization: `Token ${demo.token}` })

type Named = { id: number; name: string }
type State = { id: number; enabled: boolean; feature_state_value: unknown }

/** One PUT by the admin API, as a dashboard or a script sends it. */
export async function putState(
  server: TestServer,
  environment: Environment,
  change: { feature: string; enabled?: boolean; feature_state_value?: string | number | boolean },
): Promise<State> {
  const api = adminOf(server)
  const { feature: name, ...body } = change
  const features = await list<Named>(api, `projects/${server.demo.project_id}/features/`)
  const feature = features.find((candidate) => candidate.name === name)
  const path = `environments/${environment.client_key}/featurestates/`
  const [state] = await list<State>(api, `${path}?feature=${feature?.id}`)
  if (state === undefined) throw new Error(`No state of ${name} in ${environment.name}.`)
  return api.call('PUT', `${path}${state.id}/`, body)
}

/** Asks until the answer satisfies, for as long as the promise to be kept allows; answers the last. */
export async function until<T>(
  ask: () => Promise<T> | T,
  { satisfied, withinMs }: { satisfied: (value: T) => boolean; withinMs: number },
): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const value = await ask()
    if (satisfied(value) || Date.now() > end) return value
    await sleep(100)
  }
}
