/**
 * Stored identities as this isolate read them less than a second ago, for requests that only look:
 * those of transient identities. Whoever writes reads the database, or a write could be left out
 * because of what is no longer so.
 */
import type { StoredIdentity } from './identity-store.ts'

/** As long as a document is trusted: an identity is not older than the flags it is answered with. */
const freshMs = 1_000
const maxIdentities = 1_000
/** What is larger is read each time: a thousand of the largest would fill the isolate. */
const maxCharacters = 10_000

type Known = { identity: StoredIdentity; version: number; readAt: number }

const known = new Map<string, Known>()

type Place = { environmentId: number; identifier: string }

const nameOf = ({ environmentId, identifier }: Place) => `${environmentId}:${identifier}`

/** An override comes with a new version of the document: then the identity is read again as well. */
export function recallIdentity(
  place: Place,
  { version, now }: { version: number; now: number },
): StoredIdentity | undefined {
  const found = known.get(nameOf(place))
  const isFresh = found !== undefined && found.version === version && now - found.readAt < freshMs
  return isFresh ? found.identity : undefined
}

const isSmall = ({ traits, overrides }: StoredIdentity): boolean =>
  overrides.size <= 10 &&
  traits.reduce((sum, trait) => sum + trait.key.length + trait.json.length, 0) <= maxCharacters

/** `readAt` is when the reading began. */
export function rememberIdentity(place: Place, found: Known): void {
  if (!isSmall(found.identity)) return
  const name = nameOf(place)
  known.delete(name)
  if (known.size >= maxIdentities) {
    const oldest = known.keys().next().value
    if (oldest !== undefined) known.delete(oldest)
  }
  known.set(name, found)
}

/** After every write of this isolate, so that it never answers with less than it has stored. */
export function forgetIdentity(place: Place): void {
  known.delete(nameOf(place))
}
