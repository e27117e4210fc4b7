/**
 * Pages of identity overrides → the text between the document's two parts, in chunks. It holds one
 * page and one chunk, never an identity and never the whole; those of an identity may cross pages.
 */
import type { Document, Feature } from '../engine/document.ts'
import { type IdentityOverride, identityParts, overrideText } from './document-view.ts'

/** A chunk ends behind the override that reaches this many characters. */
export const chunkCharacters = 64_000

/** The identity whose features are being written, and what ends it. */
type Open = { identityId: number; after: string }

/** Ordered by identity. An override of a feature that the document does not know is left out. */
export async function* overrideChunks(
  document: Document,
  pages: AsyncIterable<IdentityOverride[]> | Iterable<IdentityOverride[]>,
): AsyncGenerator<string, undefined> {
  const features = new Map<number, Feature>(document.features.map((each) => [each.id, each]))
  let open: Open | undefined
  let chunk = ''
  for await (const page of pages) {
    for (const override of page) {
      const feature = features.get(override.featureId)
      if (feature === undefined) continue
      if (open?.identityId === override.identityId) chunk += ','
      else {
        if (open !== undefined) chunk += `${open.after},`
        const { before, after } = identityParts(document, override)
        open = { identityId: override.identityId, after }
        chunk += before
      }
      chunk += overrideText(feature, override.state)
      if (chunk.length < chunkCharacters) continue
      yield chunk
      chunk = ''
    }
  }
  yield chunk + (open?.after ?? '')
}
