/** An endpoint that is there and switched off: events are frozen for it, and nothing is sent. */
import { env } from 'cloudflare:workers'
import { write } from './world.ts'

/** Without an environment it is the organisation's own. */
export async function listen(
  organisationId: number,
  environmentId: number | null = null,
  format: 'flagsmith' | 'flipt' | 'standard' = 'flagsmith',
): Promise<number> {
  const { id } = await write(organisationId, 'webhook.create', {
    home: { organisationId, environmentId },
    settings: { url: 'https://listener.example/', enabled: false, format },
  })
  return id
}

export type Body = { data: Record<string, unknown>; event_type: string }

/** What was frozen in the original's format, oldest first. */
export async function bodiesOf(environmentId: number): Promise<Body[]> {
  const { results } = await env.DB.prepare(
    `SELECT body FROM event_bodies JOIN events ON events.id = event_bodies.event_id
     WHERE format = 'flagsmith' AND events.environment_id = ? ORDER BY events.created_at`,
  )
    .bind(environmentId)
    .all<{ body: string }>()
  return results.map(({ body }) => JSON.parse(body) as Body)
}
