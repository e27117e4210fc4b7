/**
 * The rules of erasing personal data from the audit log: who made the entries and whom they are about,
 * never what was done. The entry about it says how much was erased, and of an address or an
 * identifier nothing more.
 */
import { ok } from '../outcome.ts'
import {
  countPersonal,
  erasePersonal,
  findNamedIdentities,
  findPerson,
  type Left,
  type Someone,
} from '../storage/audit-erasures.ts'
import type { Log } from '../storage/audit-filters.ts'
import type { Database } from '../storage/database.ts'
import { type JsonObject, nothingToDo, type Write } from './write.ts'

/** Whose data: all of one person by id or by address, or an identity's. */
export type Erased =
  | { kind: 'user'; id: number }
  | { kind: 'email'; email: string }
  | { kind: 'identity'; environmentId: number; identifier: string }

function findSomeone(db: Database, log: Log, erased: Erased): Promise<Someone> {
  switch (erased.kind) {
    case 'user':
      return findPerson(db, log, { userIds: [erased.id], emails: [] })
    case 'email':
      return findPerson(db, log, { userIds: [], emails: [erased.email] })
    case 'identity':
      return findNamedIdentities(db, log.ledger, erased)
  }
}

/** What the log may tell of somebody who is to be forgotten. */
function tell(erased: Erased): { whom: string; told: JsonObject } {
  const { kind } = erased
  switch (kind) {
    case 'user':
      return { whom: `user ${erased.id}`, told: { kind, user_id: erased.id } }
    case 'email':
      return { whom: 'an e-mail address', told: { kind } }
    case 'identity': {
      const { environmentId } = erased
      const whom = `an identity of environment ${environmentId}`
      return { whom, told: { kind, environment_id: environmentId } }
    }
  }
}

/**
 * Erases from everything that is in the log, this change's own entry included: whoever erases themself
 * stays in it by id alone.
 */
export const eraseFromAudit: Write<{ log: Log; erased: Erased }, Left> = async (
  { db },
  { log, erased },
) => {
  const someone = await findSomeone(db, log, erased)
  const left = await countPersonal(db, log.ledger, someone)
  if (left.entries === 0) return ok(nothingToDo(left))
  const { whom, told } = tell(erased)
  return ok({
    result: left,
    statements: erasePersonal(db, log.ledger, someone),
    entries: [
      {
        action: 'audit.erased',
        resource: { type: 'AUDIT_LOG', id: null, uuid: null, name: 'Audit log' },
        organisationId: log.organisationId,
        projectId: null,
        environment: null,
        log: `Personal data of ${whom} erased from the audit log, in entries: ${left.entries}`,
        before: null,
        after: { ...told, ...left },
      },
    ],
    publish: [],
    events: [],
  })
}
