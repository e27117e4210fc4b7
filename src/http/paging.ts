/** Page objects `{count, next, previous, results}`: contract admin-api §0.4. */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { notFound, type Outcome, ok } from '../outcome.ts'

export type PageQuery = { page?: string | undefined; page_size?: string | undefined }

export const pageQuery = z.object({
  page: z.string().optional(),
  page_size: z.string().optional(),
})

export type PageAt = { number: number; size: number; limit: number; offset: number }

const maxPageSize = 999

/** Which rows a request asks for; a page that is no number is out of range, as in the original. */
export function pageAt(query: PageQuery, defaultSize: number): Outcome<PageAt> {
  const text = query.page ?? '1'
  // Nine digits: the database takes offsets of 64 bits, and no list is as long.
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number === 0) return notFound('Invalid page.')
  const asked = Number(query.page_size)
  const size = Number.isInteger(asked) && asked > 0 ? Math.min(asked, maxPageSize) : defaultSize
  return ok({ number, size, limit: size, offset: (number - 1) * size })
}

/** The page object; past the last page it is a refusal (the first page always exists). */
export function toPage<T>(
  c: Context,
  at: PageAt,
  found: { count: number; results: T[] },
): Outcome<{ count: number; next: string | null; previous: string | null; results: T[] }> {
  const last = Math.max(1, Math.ceil(found.count / at.size))
  if (at.number > last) return notFound('Invalid page.')
  const link = (number: number) => {
    const url = new URL(c.req.url)
    url.searchParams.set('page', String(number))
    return url.toString()
  }
  return ok({
    count: found.count,
    next: at.number < last ? link(at.number + 1) : null,
    previous: at.number > 1 ? link(at.number - 1) : null,
    results: found.results,
  })
}

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  })
