/**
 * The identities of an environment in pages, over all databases they live in: two queries a database,
 * however many there are. It reads and orders, no more.
 */
import { and, asc, count, eq, inArray } from 'drizzle-orm'
import { contains } from './database.ts'
import { type Identity, identities } from './identities.ts'
import { homeOf, type IdentityHome } from './identity-homes.ts'
import type { Page, Slice } from './pages.ts'

/** The whole identifier, or a part of it in any case. */
export type IdentitySearch = { kind: 'exact' | 'part'; text: string }

type Asked = { environmentId: number; search: IdentitySearch | undefined }

function matching({ environmentId, search }: Asked) {
  const inEnvironment = eq(identities.environmentId, environmentId)
  if (search === undefined) return inEnvironment
  return and(
    inEnvironment,
    search.kind === 'exact'
      ? eq(identities.identifier, search.text)
      : contains(identities.identifier, search.text),
  )
}

const countIn = async ({ db }: IdentityHome, asked: Asked): Promise<number> =>
  (await db.select({ count: count() }).from(identities).where(matching(asked)))[0]?.count ?? 0

/** Only ids are sorted: the index has them, and the rows are read for the page alone. */
const sliceOf = ({ db }: IdentityHome, asked: Asked, { limit, offset }: Slice) => {
  const ids = db
    .select({ id: identities.id })
    .from(identities)
    .where(matching(asked))
    .orderBy(asc(identities.id))
    .limit(limit)
    .offset(offset)
  return db.select().from(identities).where(inArray(identities.id, ids)).orderBy(asc(identities.id))
}

/** Database after database, in each by id: an order that stays, and no page needs those before it. */
export async function pageIdentities(
  homes: IdentityHome[],
  asked: Asked,
  page: Slice,
): Promise<Page<Identity>> {
  const { environmentId, search } = asked
  const concerned =
    search?.kind === 'exact' ? [homeOf(homes, { environmentId, identifier: search.text })] : homes
  const counts = await Promise.all(concerned.map((home) => countIn(home, asked)))
  let before = 0
  const slices = concerned.map((home, index) => {
    const own = counts[index] ?? 0
    const start = Math.max(0, page.offset - before)
    const limit = Math.min(own, page.offset + page.limit - before) - start
    before += own
    return limit > 0 ? sliceOf(home, asked, { limit, offset: start }) : []
  })
  const rows = await Promise.all(slices)
  return { count: before, rows: rows.flat() }
}
