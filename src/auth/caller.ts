/** Who is asking. Answering that refuses nothing: guards decide what a caller may do. */
import type { Actor } from '../domain/write.ts'
import type { OrganisationKey } from '../storage/organisation-keys.ts'
import type { User } from '../storage/users.ts'
import type { Judged } from './judged.ts'

export type Caller =
  /**
   * No credential, or one that is not good; `detail` is what a guard answers then. `lapsed`: a key that
   * is right, but revoked or expired.
   */
  | { kind: 'anonymous'; detail: string; lapsed?: OrganisationKey }
  | { kind: 'user'; user: User; tokenHash: string }
  | { kind: 'organisation-key'; key: OrganisationKey }

export type CallerVariables = { caller: Caller; judged: Judged }

/** Null for a key: it is nobody's. */
export const userIdOf = (caller: Caller): number | null =>
  caller.kind === 'user' ? caller.user.id : null

/** A session as the log names it: too little of the hash to find the token by. */
export const tokenCredential = (tokenHash: string): string => `token:${tokenHash.slice(0, 12)}`

/** A person as the audit log keeps them. */
export const userActor = (user: Pick<User, 'id' | 'email'>, tokenHash: string): Actor => ({
  kind: 'user',
  id: String(user.id),
  credential: tokenCredential(tokenHash),
  name: user.email,
})

/** The caller as the audit log keeps it. */
export function toActor(caller: Caller): Actor {
  switch (caller.kind) {
    case 'user':
      return userActor(caller.user, caller.tokenHash)
    case 'organisation-key': {
      const { prefix, name } = caller.key
      return { kind: 'organisation-key', id: prefix, credential: `key:${prefix}`, name }
    }
    case 'anonymous':
      return { kind: 'system', id: null, credential: null, name: '' }
  }
}
