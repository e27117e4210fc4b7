import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomKey } from '../../src/domain/random-key.ts'
import type { InputOf, WriteName } from '../../src/domain/register.ts'
import { commit, ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { findFeatureState } from '../../src/storage/feature-states.ts'
import {
  alice,
  createFlagWorld,
  createOrganisation,
  newFeature,
  source,
  type World,
} from '../support/world.ts'

let world: World

beforeAll(async () => {
  world = await createFlagWorld()
})

const order = <N extends WriteName>(name: N, input: InputOf<N>, organisation: number) =>
  commit(env, { ledger: ledgerOf(organisation), write: name, input, actor: alice, source })

const here = <N extends WriteName>(name: N, input: InputOf<N>) =>
  order(name, input, world.organisationId)

describe('changes that come at once', () => {
  it('to two parts of one state both last', async () => {
    const { stateId: id, environment } = world
    const at = { id, environmentId: environment.id }
    const outcomes = await Promise.all([
      here('feature-state.update', { ...at, changes: { enabled: true } }),
      here('feature-state.update', { ...at, changes: { value: 'red' } }),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['ok', 'ok'])
    expect(await findFeatureState(openDatabase(env.DB), id)).toMatchObject({
      enabled: true,
      stringValue: 'red',
    })
  })

  it('with the same new name make one feature', async () => {
    const outcomes = await Promise.all(
      ['new', 'NEW', 'New'].map((name) =>
        here('feature.create', { projectId: world.projectId, feature: newFeature(name) }),
      ),
    )
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['invalid', 'invalid', 'ok'])
  })
})

describe('a write to something that is gone', () => {
  it('is refused, whatever the request saw before', async () => {
    const notFound = { kind: 'not-found', detail: 'Not found.' }
    const gone = 987_654
    const organisation = await createOrganisation()
    const settings = { name: 'Late' }
    await env.DB.prepare('DELETE FROM organisations WHERE id = ?').bind(organisation).run()
    expect(
      await order('project.create', { organisationId: organisation, settings }, organisation),
    ).toEqual(notFound)
    for (const outcome of [
      await here('environment.create', { projectId: gone, settings }),
      await here('environment.update', { id: gone, settings }),
      await here('environment.delete', { id: gone }),
      await here('project.update', { id: gone, settings }),
      await here('project.delete', { id: gone }),
      await here('feature.create', { projectId: gone, feature: newFeature('x') }),
      await here('feature.update', { projectId: world.projectId, id: gone, settings: {} }),
      await here('feature.update', { projectId: gone, id: world.featureId, settings: {} }),
      await here('feature.delete', { projectId: gone, id: world.featureId }),
      await here('feature-state.update', {
        environmentId: gone,
        id: world.stateId,
        changes: { enabled: true },
      }),
    ]) {
      expect(outcome).toEqual(notFound)
    }
  })
})

it('random keys use their whole alphabet, evenly, and never repeat', () => {
  const keys = Array.from({ length: 2_000 }, () => randomKey(22))
  expect(new Set(keys).size).toBe(2_000)
  const counts = new Map<string, number>()
  for (const letter of keys.join('')) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect(counts.size).toBe(57)
  expect([...counts.keys()].join('')).not.toMatch(/[01IOl]/)
  const mean = (2_000 * 22) / 57
  for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(mean / 3)
})
