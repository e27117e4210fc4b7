/** The names of traits that identities of an environment have, wherever they live. */
import { asc, eq, inArray } from 'drizzle-orm'
import type { Env } from '../env.ts'
import { openDatabase } from './database.ts'
import { identities, traits } from './identities.ts'
import { identityDatabases } from './identity-shard.ts'

/** In alphabetical order, each once. It looks at every trait of the environment. */
export async function listTraitKeys(env: Env, environmentId: number): Promise<string[]> {
  const found = await Promise.all(
    identityDatabases(env).map((d1) => {
      const db = openDatabase(d1)
      const own = db
        .select({ id: identities.id })
        .from(identities)
        .where(eq(identities.environmentId, environmentId))
      return db
        .selectDistinct({ key: traits.key })
        .from(traits)
        .where(inArray(traits.identityId, own))
        .orderBy(asc(traits.key))
    }),
  )
  return [...new Set(found.flat().map((row) => row.key))].sort()
}
