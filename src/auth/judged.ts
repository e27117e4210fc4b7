/**
 * What a request was about and what its caller lacked there, noted while it is judged. It refuses nothing
 * and writes nothing: whoever sees that the request was refused reads it, for the log.
 */
import type { Permission } from '../domain/permissions.ts'
import type { About } from '../domain/write.ts'
import { forbidden, type Refusal } from '../outcome.ts'

/** `USER`: the caller is a key where a person is needed. */
export type Need = Permission | 'SUPERUSER' | 'USER'

/** The thing that the request turned to last; `lacks` only if its caller may not do it. */
export type Judged = { about?: About; lacks?: Need | undefined }

type Noting = { var: { judged: Judged } }

export function note(c: Noting, about: About, lacks: Need | undefined): void {
  c.var.judged.about = about
  c.var.judged.lacks = lacks
}

/** For who asks for more than was asked before, at the same thing. */
export function lacking(c: Noting, need: Need, refusal: Refusal = forbidden()): Refusal {
  c.var.judged.lacks = need
  return refusal
}
