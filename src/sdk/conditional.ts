/**
 * Conditional requests: is what the client has what it would get? Pure; the caller answers 304.
 * The tag is exact. The date is the contract's and counts whole seconds (sdk-api §2.4), so of two
 * changes in one second it cannot tell the first from the second: whoever can should send the tag.
 */
import type { Document } from '../engine/document.ts'
import { burgeeVersion } from '../version.ts'

/** `lastModified` in epoch milliseconds. */
export type Validators = { etag: string; lastModified: number }

/**
 * What names one rendering of a document version. Weak, because it is the same with and without
 * compression; with the release, because a new one may write the same version differently; with the
 * time, because a restored database counts its versions a second time.
 */
export function validatorsOf(document: Document, rendering: string): Validators {
  const { environment, version, updatedAt } = document
  const parts = [rendering, environment.id, version, updatedAt.toString(36), burgeeVersion]
  return { etag: `W/"${parts.join('-')}"`, lastModified: updatedAt }
}

export const validatorHeaders = ({ etag, lastModified }: Validators) => ({
  ETag: etag,
  // Cuts the fraction off, as the contract has it.
  'Last-Modified': new Date(lastModified).toUTCString(),
})

/** The opaque part of an entity tag: whether it is weak makes no difference for a GET. */
const opaque = (tag: string) => tag.replace(/^W\//, '')

export const hasTag = (list: string, etag: string): boolean =>
  list.trim() === '*' ||
  (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => opaque(tag) === opaque(etag))

const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Only the one form the contract knows; any other date is as good as none. */
const readDate = (text: string) => (httpDate.test(text) ? Date.parse(text) : Number.NaN)

/** A tag decides alone; without one, a date at least as new as the document's second. */
export function notModified(
  headers: { get: (name: string) => string | null },
  { etag, lastModified }: Validators,
): boolean {
  const tags = headers.get('If-None-Match')
  if (tags !== null) return hasTag(tags, etag)
  const since = readDate(headers.get('If-Modified-Since') ?? '')
  return since >= Math.floor(lastModified / 1_000) * 1_000
}
