/** `ETag` and `If-Match`: the version of what is shown, and a write that wants it unchanged. */
import { invalid, type Outcome, ok } from '../outcome.ts'

/** The header of a response that shows a thing at this version; none where it has none. */
export const etagOf = (version: number | undefined): Record<string, string> =>
  version === undefined ? {} : { ETag: `"${version}"` }

/** A proxy that compresses makes a tag weak: the version is the same. */
const tag = /^\s*(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*$/

const malformed = invalid({
  'If-Match': [
    'Send the ETag as it was received, such as "12", several with commas between, or *.',
  ],
})

/** The versions that would do; `*` where any does, undefined where nothing is asked. */
export function readIfMatch(header: string | undefined): Outcome<'*' | number[] | undefined> {
  if (header === undefined) return ok(undefined)
  if (header.trim() === '*') return ok('*')
  const tags = header.split(',').map((part) => tag.exec(part)?.[1])
  // A tag that is no version is one of something else: it matches nothing.
  const versions = tags.map((text) =>
    text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0,
  )
  return tags.includes(undefined) ? malformed : ok(versions)
}
