/** One organisation that grows as every write is done once; what it made is there for the next. */
import { env } from 'cloudflare:workers'
import type { InputOf, ResultOf, WriteName } from '../../../src/domain/register.ts'
import { commit, instanceLedger, ledgerOf } from '../../../src/ledger/client.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { findDefaultState } from '../../../src/storage/feature-states.ts'
import { addUser } from '../../support/admin.ts'
import { equals, rulesOf } from '../../support/segments.ts'
import { newFeature, source } from '../../support/world.ts'

export const organisationId = 4711
export const ada = { id: 4712, email: 'ada@example.com' }

const actor = { kind: 'user', id: String(ada.id), credential: null, name: ada.email } as const

const results: { [N in WriteName]?: ResultOf<N> } = {}

/** What a write answered before. */
export function made<N extends WriteName>(name: N): NonNullable<ResultOf<N>> {
  const result = results[name]
  if (result === undefined || result === null) throw new Error(`${name} has not been done`)
  return result as NonNullable<ResultOf<N>>
}

export type Row<N extends WriteName> = [
  actions: string,
  input: () => InputOf<N> | Promise<InputOf<N>>,
]

/** Some are given one; people and sessions belong to the instance. */
function ledgerFor(write: WriteName, input: unknown): string {
  const { ledger } = input as { ledger?: string }
  if (ledger !== undefined) return ledger
  return /^(user|session)\./.test(write) ? instanceLedger : ledgerOf(organisationId)
}

/** Through its ledger; throws when it is refused. */
export async function another<N extends WriteName>(
  write: N,
  input: InputOf<N>,
  requestId = 'another',
): Promise<ResultOf<N>> {
  const ledger = ledgerFor(write, input)
  const order = { ledger, write, input, actor, source: { ...source, requestId } }
  const outcome = await commit(env, order)
  if (outcome.kind !== 'ok') throw new Error(`${write}: ${JSON.stringify(outcome)}`)
  return outcome.value
}

export async function doOnce<N extends WriteName>(name: N, [, input]: Row<N>): Promise<void> {
  results[name] = (await another(name, await input(), name)) as (typeof results)[N]
}

/** The entry of a write that was done once. */
export async function entryOf(name: WriteName): Promise<number> {
  const entry = env.DB.prepare('SELECT id FROM entries WHERE request_id = ?').bind(name)
  return (await entry.first<number>('id')) ?? 0
}

/** Somebody who is no member yet. */
export const newcomer = () => addUser(`${crypto.randomUUID()}@example.com`)

export const inProject = () => ({ projectId: made('project.create').id })
export const inEnvironment = () => ({ environmentId: made('environment.create').id })
export const ofFeature = () => ({ ...inProject(), featureId: made('feature.create').feature.id })
export const ofFlag = () => ({ ...inEnvironment(), featureId: made('feature.create').feature.id })
export const ofIdentity = () => ({ ...inEnvironment(), identityId: made('identity.create').id })

/** The environment's own state of the flag. */
export async function ofState() {
  const { environmentId, featureId } = ofFlag()
  const state = await findDefaultState(openDatabase(env.DB), environmentId, featureId)
  return { environmentId, id: state?.id ?? 0 }
}

export const anotherFeature = async (name: string) =>
  (await another('feature.create', { ...inProject(), feature: newFeature(name) })).feature.id

export const segment = (name: string) => ({
  name,
  description: null,
  rules: rulesOf(equals('plan', 'gold')),
})

export const anotherSegment = async (name: string) =>
  (await another('segment.create', { ...inProject(), featureId: null, settings: segment(name) })).id
