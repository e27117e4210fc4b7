/** The identities of an environment that is gone: nothing refers to them by foreign key. */
import { eq, inArray } from 'drizzle-orm'
import type { Env } from '../env.ts'
import { openDatabase } from './database.ts'
import { environments } from './environments.ts'
import { identities } from './identities.ts'
import { identityDatabases } from './identity-shard.ts'

const atOnce = 1_000
const rounds = 20

/**
 * Deletes them with their traits, a bounded number at a time; answers whether all are gone. It may be
 * repeated, and leaves an environment alone that is there.
 */
export async function forgetIdentities(env: Env, environmentId: number): Promise<boolean> {
  const present = openDatabase(env.DB).$count(environments, eq(environments.id, environmentId))
  if ((await present) > 0) return true
  for (const d1 of identityDatabases(env)) {
    const db = openDatabase(d1)
    const some = db
      .select({ id: identities.id })
      .from(identities)
      .where(eq(identities.environmentId, environmentId))
      .limit(atOnce)
    for (let round = 0; ; round++) {
      if (round === rounds) return false
      const gone = await db
        .delete(identities)
        .where(inArray(identities.id, some))
        .returning({ id: identities.id })
      if (gone.length < atOnce) break
    }
  }
  return true
}
