/** A small world for tests below HTTP: one organisation with a project, an environment and a flag. */
import { env } from 'cloudflare:workers'
import type { InputOf, ResultOf, WriteName } from '../../src/domain/register.ts'
import type { Actor } from '../../src/domain/write.ts'
import { commit, ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Environment } from '../../src/storage/environments.ts'
import { findDefaultState } from '../../src/storage/feature-states.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { organisations } from '../../src/storage/organisations.ts'

export const alice: Actor = {
  kind: 'user',
  id: '1',
  credential: 'token:0123456789ab',
  name: 'alice@example.com',
}

export const source = { requestId: 'test', ip: '192.0.2.1', userAgent: 'test' }

/** Commits a write in an organisation's ledger and fails the test when it is refused. */
export async function write<N extends WriteName>(
  organisationId: number,
  name: N,
  input: InputOf<N>,
): Promise<ResultOf<N>> {
  const order = { ledger: ledgerOf(organisationId), write: name, input, actor: alice, source }
  const outcome = await commit(env, order)
  if (outcome.kind !== 'ok') throw new Error(`${name} refused: ${JSON.stringify(outcome)}`)
  return outcome.value
}

export async function createOrganisation(): Promise<number> {
  const db = openDatabase(env.DB)
  const { organisation: id } = await reserveIds(db, { organisation: 1 })
  const uuid = crypto.randomUUID()
  await db.insert(organisations).values({ id, uuid, name: `Organisation ${id}`, createdAt: 1 })
  return id
}

export const newFeature = (name: string) => ({
  name,
  type: 'STANDARD' as const,
  description: null,
  initialValue: 'blue',
  defaultEnabled: false,
  isArchived: false,
  isServerKeyOnly: false,
  options: [],
})

export type World = {
  organisationId: number
  projectId: number
  environment: Environment
  featureId: number
  stateId: number
}

/** An identity whose id is the test's to choose; whoever had it before is gone. */
export const putIdentity = (
  environmentId: number,
  { id, identifier }: { id: number; identifier: string },
): Promise<unknown> =>
  env.DB.prepare('INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?)')
    .bind(id, environmentId, identifier, Date.now())
    .run()

/** The flag is `banner`, off, worth `blue`. */
export async function createFlagWorld(): Promise<World> {
  const organisationId = await createOrganisation()
  const project = await write(organisationId, 'project.create', {
    organisationId,
    settings: { name: 'Website' },
  })
  const environment = await write(organisationId, 'environment.create', {
    projectId: project.id,
    settings: { name: 'Production' },
  })
  const { feature } = await write(organisationId, 'feature.create', {
    projectId: project.id,
    feature: newFeature('banner'),
  })
  const state = await findDefaultState(openDatabase(env.DB), environment.id, feature.id)
  if (state === undefined) throw new Error('the new feature has no state')
  return {
    organisationId,
    projectId: project.id,
    environment,
    featureId: feature.id,
    stateId: state.id,
  }
}
