/**
 * What the writes of identities and traits share: whose they are, how the log speaks of them, and how
 * their statements reach the database they live in.
 */
import { insertRows, type Statement } from '../storage/database.ts'
import { type Identity, identities } from '../storage/identities.ts'
import { keepChange } from '../storage/identity-changes.ts'
import {
  findHoused,
  type HomeStatement,
  homeOf,
  type IdentityHome,
  reserveIdentityIds,
} from '../storage/identity-homes.ts'
import { type EnvironmentGround, findEnvironmentGround, placeOf } from './environment-ground.ts'
import type { About, Context, NewDebt } from './write.ts'

export type OneIdentity = EnvironmentGround & { identity: Identity; home: IdentityHome }

/** An identity with everything above it. */
export async function findOneIdentity(
  { db, homes }: Pick<Context, 'db' | 'homes'>,
  { environmentId, id }: { environmentId: number; id: number },
): Promise<OneIdentity | undefined> {
  const [ground, housed] = await Promise.all([
    findEnvironmentGround(db, environmentId),
    findHoused(homes, environmentId, id),
  ])
  return ground && housed && { ...ground, ...housed }
}

export const aboutIn = (
  ground: EnvironmentGround,
  resource: { type: 'IDENTITY' | 'TRAIT'; id: number | null; name: string },
): About => ({
  ...placeOf(ground),
  resource: { ...resource, id: resource.id === null ? null : String(resource.id), uuid: null },
})

/**
 * In the main database the statements stand in the change's own batch. For another database the batch
 * keeps them, and owes to take them there: so there is no change without its entry, and none is lost.
 */
export function planAtHome(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { shard }: IdentityHome,
  statements: HomeStatement[],
): { statements: Statement[]; debts: NewDebt[] } {
  if (shard === null) return { statements, debts: [] }
  const id = crypto.randomUUID()
  return {
    statements: [keepChange(db, { id, shard, statements, now })],
    debts: [{ kind: 'change-identity', target: id }],
  }
}

export type NewIdentities = { identities: Identity[]; statements: Statement[]; debts: NewDebt[] }

/** Identities of a new environment, in the order of their identifiers, which differ. */
export async function planIdentities(
  context: Pick<Context, 'db' | 'homes' | 'now'>,
  environmentId: number,
  identifiers: string[],
): Promise<NewIdentities> {
  const { homes, now } = context
  const planned: NewIdentities = { identities: [], statements: [], debts: [] }
  const byHome = Map.groupBy(identifiers, (identifier) =>
    homeOf(homes, { environmentId, identifier }),
  )
  for (const [home, own] of byHome) {
    const ids = await reserveIdentityIds(home, own.length)
    const rows = own.map((identifier, index): Identity => {
      return { id: ids[index] ?? 0, environmentId, identifier, createdAt: now }
    })
    const { statements, debts } = planAtHome(context, home, insertRows(home.db, identities, rows))
    planned.identities.push(...rows)
    planned.statements.push(...statements)
    planned.debts.push(...debts)
  }
  return planned
}
