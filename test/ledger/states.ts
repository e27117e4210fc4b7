/** More flags beside the world's own, and orders to give them values. */
import { env } from 'cloudflare:workers'
import { ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { findDefaultState } from '../../src/storage/feature-states.ts'
import { alice, newFeature, source, type World, write } from '../support/world.ts'

/** The ids of as many states as asked for, the world's own first. */
export async function addStates(world: World, count: number): Promise<number[]> {
  const ids = [world.stateId]
  while (ids.length < count) {
    const { feature } = await write(world.organisationId, 'feature.create', {
      projectId: world.projectId,
      feature: newFeature(`banner_${ids.length}`),
    })
    const state = await findDefaultState(openDatabase(env.DB), world.environment.id, feature.id)
    if (state === undefined) throw new Error('the new feature has no state')
    ids.push(state.id)
  }
  return ids
}

export const orderOf = (world: World, id: number, value: string) => ({
  ledger: ledgerOf(world.organisationId),
  write: 'feature-state.update' as const,
  input: { environmentId: world.environment.id, id, changes: { value } },
  actor: alice,
  source,
})
