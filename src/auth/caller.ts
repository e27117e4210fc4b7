/** Who is asking. Answering that refuses nothing: guards decide what a caller may do. */
import type { Actor } from '../domain/write.ts'
import type { OrganisationKey } from '../storage/organisation-keys.ts'
import type { User } from '../storage/users.ts'

export type Caller =
  /** No credential, or one that is not good; `detail` is what a guard answers then. */
  | { kind: 'anonymous'; detail: string }
  | { kind: 'user'; user: User; tokenHash: string }
  | { kind: 'organisation-key'; key: OrganisationKey }

export type CallerVariables = { caller: Caller }

/** Null for a key: it is nobody's. */
export const userIdOf = (caller: Caller): number | null =>
  caller.kind === 'user' ? caller.user.id : null

/** The caller as the audit log keeps it. */
export function toActor(caller: Caller): Actor {
  switch (caller.kind) {
    case 'user':
      return { kind: 'user', id: String(caller.user.id), name: caller.user.email }
    case 'organisation-key':
      return { kind: 'organisation-key', id: caller.key.prefix, name: caller.key.name }
    case 'anonymous':
      return { kind: 'system', id: null, name: '' }
  }
}
