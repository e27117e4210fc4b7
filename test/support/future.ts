/** Whole flags as `/api/__future__` shows them: contract admin-api §B.12. */
import { env } from 'cloudflare:workers'
import { done, type Place, type World } from './admin.ts'
import { addState } from './flags.ts'
import { addSegment } from './segments.ts'

export type Half = {
  enabled: boolean
  value: { type: string; value: string } | null
  variants: { id: number; weight: number }[]
}

export type Flag = {
  environment_default: Half
  segment_overrides: (Half & { segment: { id: number }; priority: number })[]
}

export const text = (value: string) => ({ type: 'string', value })

/** A new feature, and its flag as a client of that API reads and writes it. */
export async function addFlag(world: World, at: Place, feature: object = {}) {
  const state = await addState(world, at, feature)
  const path = `../__future__/environments/${at.environment.api_key}/features/${state.feature}/`
  const call = (method: string, body?: object, auth?: string) =>
    world.api<Flag>(method, path, body, auth)
  return {
    id: state.feature,
    path,
    call,
    read: () => done(call('GET')),
    patch: (body: object) => done(call('PATCH', body)),
    put: (body: object) => done(call('PUT', body)),
    variants: state.multivariate_feature_state_values.map(
      (share) => share.multivariate_feature_option,
    ),
  }
}

/** Ids of new segments. */
export async function addSegments(world: World, at: Place, count: number): Promise<number[]> {
  const ids: number[] = []
  for (let index = 0; index < count; index++) ids.push((await addSegment(world, at)).id)
  return ids
}

export const orderOf = ({ segment_overrides }: Flag) =>
  segment_overrides.map(({ segment, priority }) => [segment.id, priority])

type Told = { feature: { id: number }; feature_segment: unknown } & Record<string, unknown>

/** The states before and after that the events of one feature tell, oldest first. */
export async function eventsOf(featureId: number) {
  const { results } = await env.DB.prepare(
    `SELECT body FROM event_bodies JOIN events ON events.id = event_id
     WHERE type <> 'AUDIT_LOG_CREATED' ORDER BY created_at`,
  ).all<{ body: string }>()
  return results
    .map((row) => JSON.parse(row.body).data as { new_state: Told; previous_state?: Told })
    .filter((data) => data.new_state.feature.id === featureId)
}
