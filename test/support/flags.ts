/** Flags as admin routes show them: a feature of its own for each test, with its state. */
import { done, type Place, type World } from './admin.ts'

type Share = { id: number; multivariate_feature_option: number; percentage_allocation: number }

export type State = {
  id: number
  feature: number
  environment: number
  enabled: boolean
  feature_state_value: unknown
  multivariate_feature_state_values: Share[]
}

/** Two variants, 30 and 20 of 100. */
export const split = {
  multivariate_options: [
    { string_value: 'a', default_percentage_allocation: 30 },
    { string_value: 'b', default_percentage_allocation: 20 },
  ],
}

/** The state, in the place's environment, of a new feature that is worth `blue`. */
export async function addState(world: World, at: Place, feature: object = {}): Promise<State> {
  const body = { name: crypto.randomUUID(), initial_value: 'blue', ...feature }
  const made = await done(
    world.api<{ id: number }>('POST', `projects/${at.project.id}/features/`, body),
  )
  const query = `environments/${at.environment.api_key}/featurestates/?feature=${made.id}`
  const { results } = await done(world.api<{ results: State[] }>('GET', query))
  const [state] = results
  if (state === undefined || results.length > 1) throw new Error('a feature has one state')
  return state
}
