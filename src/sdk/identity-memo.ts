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

/** Written meanwhile: what was read before that is not worth keeping. */
type Forgotten = { identity: null; forgottenAt: number }

const known = new Map<string, Known | Forgotten>()

type Place = { environmentId: number; identifier: string }

const nameOf = ({ environmentId, identifier }: Place) => `${environmentId}:${identifier}`

/** An override comes with a new version of the document: then the identity is read again as well. */
export function recallIdentity(
  place: Place,
  { version, now }: { version: number; now: number },
): StoredIdentity | undefined {
  const found = known.get(nameOf(place))
  if (found === undefined || found.identity === null) return undefined
  return found.version === version && now - found.readAt < freshMs ? found.identity : undefined
}

const isSmall = ({ traits, overrides }: StoredIdentity): boolean =>
  overrides.size <= 10 &&
  traits.reduce((sum, trait) => sum + trait.key.length + trait.json.length, 0) <= maxCharacters

function keep(name: string, entry: Known | Forgotten): void {
  known.delete(name)
  if (known.size >= maxIdentities) {
    const oldest = known.keys().next().value
    if (oldest !== undefined) known.delete(oldest)
  }
  known.set(name, entry)
}

/** `readAt` is when the reading began. */
export function rememberIdentity(place: Place, found: Known): void {
  const name = nameOf(place)
  const present = known.get(name)
  const isOutdated = present?.identity === null && present.forgottenAt >= found.readAt
  if (!isOutdated && isSmall(found.identity)) keep(name, found)
}

/** After every write of this isolate, so that it never answers with less than it has stored. */
export const forgetIdentity = (place: Place, now = Date.now()): void =>
  keep(nameOf(place), { identity: null, forgottenAt: now })
