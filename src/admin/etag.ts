/** The ETag of what a GET shows: the version of the feature that it belongs to. */
import type { Env } from '../env.ts'
import { etagOf } from '../http/preconditions.ts'
import { openDatabase } from '../storage/database.ts'
import { findVersionOf } from '../storage/versions.ts'

type Kind = Parameters<typeof findVersionOf>[1]

/**
 * Headers for the answer, by id or uuid. Read it before the thing itself: a tag that is too old makes
 * a later write fail, one that is too new would let it overwrite what nobody has seen.
 */
export const etagFor = async (c: { env: Env }, kind: Kind, name: number | string) =>
  etagOf(await findVersionOf(openDatabase(c.env.DB), kind, name))
