/** Segments as admin routes take and show them. */
import { done, type Place, type World } from './admin.ts'

type Condition = { id: number; operator: string; property: string | null; value: string | null }
type Child = { id: number; type: string; conditions: Condition[] }

export type Segment = {
  id: number
  uuid: string
  name: string
  description: string | null
  feature: number | null
  updated_at: string
  rules: (Child & { rules: Child[] })[]
}

export const equals = (property: string, value: string) => ({
  operator: 'EQUAL',
  property,
  value,
})

/** The shape that dashboards write: one rule over rules that hold the conditions. */
export const rulesOf = (...conditions: object[]) => [
  { type: 'ALL', rules: [{ type: 'ANY', rules: [], conditions }], conditions: [] },
]

/** A segment of its own for those on the gold plan. */
export const addSegment = (world: World, at: Place, body: object = {}): Promise<Segment> =>
  done(
    world.api<Segment>('POST', `projects/${at.project.id}/segments/`, {
      name: crypto.randomUUID(),
      rules: rulesOf(equals('plan', 'gold')),
      ...body,
    }),
  )

/** The newest audit entries of a project, oldest of them first. */
export async function lastEntries(world: World, at: Place, count: number) {
  type Entry = {
    log: string
    action: string
    related_object_type: string
    related_object_id: number | null
    environment: { id: number } | null
    before: Record<string, unknown> | null
    after: Record<string, unknown> | null
  }
  const path = `projects/${at.project.id}/audit/?page_size=${count}`
  return (await done(world.api<{ results: Entry[] }>('GET', path))).results.reverse()
}
