/** What a change freezes for those who listen: which events, in which formats, with which bytes. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { ledgerOf } from '../../src/ledger/client.ts'
import type { EventRow } from '../../src/storage/events.ts'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { listen } from '../support/listening.ts'
import { createFlagWorld, write } from '../support/world.ts'
import { orderOf } from './states.ts'

type Frozen = Pick<EventRow, 'type' | 'action' | 'sequence'> & {
  environment_id: number | null
  project_id: number | null
  format: string
  body: string
}

async function frozenOf(organisationId: number): Promise<Frozen[]> {
  const { results } = await env.DB.prepare(
    `SELECT events.*, format, body FROM events JOIN event_bodies ON event_id = events.id
     WHERE organisation_id = ? ORDER BY sequence, type, format`,
  )
    .bind(organisationId)
    .all<Frozen>()
  return results
}

const inShort = (rows: Frozen[]) => rows.map(({ type, format }) => `${type} ${format}`)

/** What a change freezes beyond what was there. */
async function frozenBy(organisationId: number, change: () => Promise<unknown>) {
  const before = (await frozenOf(organisationId)).length
  await change()
  return (await frozenOf(organisationId)).slice(before)
}

const setValue = (
  world: { organisationId: number; environment: { id: number }; stateId: number },
  value: string,
) =>
  write(world.organisationId, 'feature-state.update', {
    environmentId: world.environment.id,
    id: world.stateId,
    changes: { value },
  })

describe('a change', () => {
  it('freezes nothing where nobody listens, and all formats that somebody speaks', async () => {
    const world = await createFlagWorld()
    const { organisationId } = world
    const change = (value: string) => frozenBy(organisationId, () => setValue(world, value))
    expect(await change('1')).toEqual([])
    await listen(organisationId, world.environment.id)
    expect(inShort(await change('2'))).toEqual(['FLAG_UPDATED flagsmith'])
    await listen(organisationId, world.environment.id, 'flipt')
    await listen(organisationId, null, 'standard')
    const audit = (format: string) => `AUDIT_LOG_CREATED ${format}`
    const flag = 'FLAG_UPDATED flagsmith'
    expect(inShort(await change('3'))).toEqual([audit('flipt'), audit('standard'), flag])
    await listen(organisationId)
    const all = ['flagsmith', 'flipt', 'standard'].map(audit)
    expect(inShort(await change('4'))).toEqual([...all, flag])
  })

  it('made beside another live object of the ledger hears of the endpoints that one made', async () => {
    const world = await createFlagWorld()
    const { organisationId } = world
    const ledger = ledgerOf(organisationId)
    const twin = env.LEDGER.getByName(`${ledger} twin`)
    // Both know the head, and that nobody listens.
    await twin.commit(orderOf(world, world.stateId, 'by the twin'))
    await setValue(world, 'by the first')
    await listen(organisationId, world.environment.id)
    const frozen = await frozenBy(organisationId, () =>
      twin.commit(orderOf(world, world.stateId, 'after')),
    )
    expect(inShort(frozen)).toEqual(['FLAG_UPDATED flagsmith'])
  })
})

describe('the body of an entry', () => {
  let world: World
  let place: Place
  let id: number

  beforeAll(async () => {
    world = await createWorld()
    id = world.organisation.id
    await listen(id)
    await listen(id, null, 'flipt')
    await listen(id, null, 'standard')
    place = await addEnvironment(world)
  })

  it('is in the original format exactly what the audit list shows', async () => {
    const state = await addState(world, place)
    const path = `environments/${place.environment.api_key}/featurestates/${state.id}/`
    await done(world.api('PUT', path, { enabled: true }))
    const told = (await frozenOf(id)).filter(
      ({ type, format }) => type === 'AUDIT_LOG_CREATED' && format === 'flagsmith',
    )
    const { results } = await done(
      world.api<{ results: { sequence: number; action: string }[] }>(
        'GET',
        `organisations/${id}/audit/?page_size=100`,
      ),
    )
    const bySequence = new Map(results.map((entry) => [entry.sequence, entry]))
    expect(told.length).toBeGreaterThan(4)
    for (const { sequence, body } of told) {
      const { data, event_type } = JSON.parse(body)
      expect(event_type).toBe('AUDIT_LOG_CREATED')
      // The project and the environment that the change itself has made are told of as well.
      expect(data).toEqual(bySequence.get(sequence ?? 0))
    }
    expect(told.map(({ action }) => action)).toContain('environment.created')
    // Separators and order as the original writes them.
    expect(told[0]?.body).toMatch(/^\{"data": \{"action": "/)
    expect(told[0]?.body).toMatch(/\}, "event_type": "AUDIT_LOG_CREATED"\}$/)
  })

  it('is an event of Flipt, or the record itself', async () => {
    const rows = await frozenOf(id)
    const created = rows.filter(({ action }) => action === 'environment.created')
    const [flipt, standard] = ['flipt', 'standard'].map((format) =>
      JSON.parse(created.find((row) => row.format === format)?.body ?? 'null'),
    )
    expect(flipt).toEqual({
      version: '0.2',
      type: 'environment',
      action: 'created',
      metadata: {
        actor: { authentication: 'token', email: world.superuser.email },
      },
      payload: expect.objectContaining({ key: 'Production', namespace_key: 'Production' }),
      timestamp: expect.stringMatching(/Z$/),
      status: 'success',
    })
    expect(standard).toMatchObject({
      type: 'environment.created',
      timestamp: flipt.timestamp,
      data: { action: 'environment.created', actor: { name: world.superuser.email }, before: null },
    })
  })

  it('is not told to the original’s readers where it belongs to no project', async () => {
    const frozen = await frozenBy(id, () =>
      done(world.api('POST', `organisations/${id}/groups/`, { name: 'Operations' })),
    )
    expect(inShort(frozen)).toEqual(['AUDIT_LOG_CREATED flipt', 'AUDIT_LOG_CREATED standard'])
  })
})
