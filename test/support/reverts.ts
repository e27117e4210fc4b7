/** Entries of a place's audit log, and taking them back. */
import { exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import { type Answer, done, type Place, type World } from './admin.ts'

export type Line = { id: number; sequence: number; action: string; log: string }

/** The newest entry of the project; of this action, if one is named. */
export async function lastLine(world: World, at: Place, action?: string): Promise<Line> {
  const path = `projects/${at.project.id}/audit/?page_size=20`
  const { results } = await done(world.api<{ results: Line[] }>('GET', path))
  const line = results.find((one) => action === undefined || one.action === action)
  if (line === undefined) throw new Error(`there is no entry of ${action}`)
  return line
}

/** Changes something and answers the entry that tells of it. */
export async function edit(
  world: World,
  at: Place,
  [method, path, body]: [method: string, path: string, body: object],
): Promise<Line> {
  await done(world.api(method, path, body))
  return lastLine(world, at)
}

export type Reverted = {
  id: number
  sequence: number
  dry_run: boolean
  resource: { type: string; id: string; name: string }
  changes: { field: string; old: unknown; new: unknown }[]
  conflicts: { field: string; expected: unknown; present: unknown }[]
  applicable: boolean
  reason: string | null
  new_entry: { id: number; sequence: number } | null
  detail: string
  code: string
}

export type Sending = { body?: unknown; auth?: string; ifMatch?: string }

/** For good, as the world's administrator, unless it is told otherwise. */
export async function revert(
  world: World,
  { id }: { id: number },
  { body = { dry_run: false }, auth = world.auth, ifMatch }: Sending = {},
): Promise<Answer<Reverted>> {
  const headers = new Headers({ Authorization: auth, 'Content-Type': 'application/json' })
  if (ifMatch !== undefined) headers.set('If-Match', ifMatch)
  const url = `http://localhost/api/v1/audit/${id}/revert/`
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await exports.default.fetch(new Request(url, init))
  const answer = JSON.parse(await response.text()) as Reverted
  return { status: response.status, body: answer, headers: response.headers }
}

/** What is taken back, by field. */
export async function reverted(world: World, line: { id: number }): Promise<Reverted> {
  const { status, body } = await revert(world, line)
  expect({ status, ...body }).toMatchObject({ status: 200, applicable: true, dry_run: false })
  expect(body.new_entry?.sequence).toBeGreaterThan(body.sequence)
  return body
}
