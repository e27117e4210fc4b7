/**
 * Takes back an edit that the audit log tells of, against what is there now. The change is one like any
 * other, made by the writes of the thing itself, so what they refuse is refused here; its entries name
 * the one that they take back. What came or went is no edit, and neither is anything about people.
 */
import {
  type FieldErrors,
  invalidBody,
  notFound,
  type Outcome,
  ok,
  type Refusal,
} from '../outcome.ts'
import { findEntryById } from '../storage/entries.ts'
import { type Recorded, wholeRecord } from '../storage/records.ts'
import { type Edit, edits, type Fields, fieldsOf, type Reversal, reverse } from './reversal.ts'
import { findThing, type Place } from './reversible.ts'
import { type Context, nothingToDo, type Plan, type Write } from './write.ts'

/** An edit that can be taken back, if the thing is there. */
export type Taken = Place & {
  sequence: number
  before: Fields
  after: Fields
  /** Of an override of a segment, which takes another permission. */
  isOfSegment: boolean
}

const conflict = (code: string, detail: string): Refusal => ({ kind: 'conflict', code, detail })

const isEdit = (action: string): action is Edit => (edits as readonly string[]).includes(action)

type Told = Pick<
  Recorded,
  'sequence' | 'outcome' | 'action' | 'resource' | 'project' | 'environment' | 'before' | 'after'
>

function refuseAction({ action, outcome }: Told): Refusal | undefined {
  if (outcome !== 'ok') {
    return invalidBody('What this entry tells of was refused then: there is nothing to take back.')
  }
  if (isEdit(action)) return undefined
  if (action.endsWith('.created')) {
    return invalidBody('This entry tells of something new, not of an edit: delete it instead.')
  }
  return action.endsWith('.deleted')
    ? invalidBody('This entry tells of a deletion, not of an edit: make the thing anew instead.')
    : invalidBody(`Entries of ${action} cannot be reverted. Those of ${edits.join(', ')} can.`)
}

/** What an entry tells, or why it cannot be reverted whatever is there now. */
export function readEdit(told: Told): Outcome<Taken> {
  const refusal = refuseAction(told)
  const edit = told.action as Edit
  if (refusal !== undefined) return refusal
  const [before, after] = [fieldsOf(edit, told.before), fieldsOf(edit, told.after)]
  if (before === undefined || after === undefined) {
    return conflict(
      'audit-revert-erased',
      'Parts of this entry were erased: what was before is not known any more.',
    )
  }
  return ok({
    edit,
    sequence: told.sequence,
    resourceId: Number(told.resource.id),
    projectId: told.project ?? 0,
    environmentId: told.environment?.id ?? 0,
    isOfSegment: told.after?.feature_segment_id != null,
    before,
    after,
  })
}

export type Reverted = Reversal & {
  /** Whether there is something to take back and nothing against it. */
  applicable: boolean
  /** Why not. */
  reason: string | null
}

type Wanted = { id: number; isDryRun: boolean; force: boolean; areOptionsFixed: boolean }

const gone = conflict(
  'audit-revert-gone',
  'What this entry is about is gone, and with it what it was before. Make it anew instead.',
)

const done = 'Nothing to do: all that this entry changed is as it was before it.'

const changedSince = ({ conflicts }: Reversal): Refusal =>
  conflict(
    'audit-revert-conflict',
    `Changed again since this entry: ${conflicts.map(({ field }) => field).join(', ')}. ` +
      'Nothing was changed. A dry run shows what is there now; with "force": true the old values ' +
      'take its place.',
  )

const messagesOf = (errors: FieldErrors[string]): string[] => {
  if (typeof errors === 'string') return [errors]
  return (Array.isArray(errors) ? errors : Object.values(errors)).flatMap(messagesOf)
}

/** Undefined for what says something of the caller and not of the change. */
function reasonOf(refusal: Refusal): string | undefined {
  if (refusal.kind === 'conflict') return refusal.detail
  if (refusal.kind !== 'invalid') return undefined
  return Object.entries(refusal.errors)
    .map(([field, errors]) => [field, messagesOf(errors).join(' ')])
    .map(([field, text]) => (field === 'non_field_errors' ? text : `${field}: ${text}`))
    .join(' ')
}

/** Ids of a change that is not made: none is reserved. */
const unreserved: Context['reserve'] = async (counts) => counts

type Planned = { reversal: Reversal; features: number[]; plan: Plan<unknown> }
type Refused = { reversal: Reversal; features: number[]; refusal: Refusal }

/** Without a plan there is nothing to do. */
async function planReversal(
  context: Context,
  taken: Taken,
  { force, areOptionsFixed }: Wanted,
): Promise<Planned | Refused> {
  const thing = await findThing(context, { ...taken, areOptionsFixed })
  const present = thing && fieldsOf(taken.edit, thing.present)
  if (thing === undefined || present === undefined) {
    return { reversal: { changes: [], conflicts: [] }, features: [], refusal: gone }
  }
  const { features } = thing
  const reversal = reverse({ ...taken, present }, force)
  if (reversal.conflicts.length > 0 && !force) {
    return { reversal, features, refusal: changedSince(reversal) }
  }
  if (reversal.changes.length === 0)
    return { reversal, features, plan: nothingToDo(null, features) }
  const wanted = new Map(reversal.changes.map((change) => [change.field, change.new]))
  const planned = await thing.change(context, wanted)
  return planned.kind === 'ok'
    ? { reversal, features, plan: planned.value }
    : { reversal, features, refusal: planned }
}

/** All that the entry changed, or nothing. A dry run plans the same and tells it. */
export const revertEntry: Write<Wanted, Reverted> = async (context, input) => {
  const row = await findEntryById(context.db, input.id)
  if (row === undefined) return notFound()
  const taken = readEdit(wholeRecord(row))
  if (taken.kind !== 'ok') return taken
  const { isDryRun } = input
  const own = isDryRun ? { ...context, reserve: unreserved } : context
  const { reversal, features, ...found } = await planReversal(own, taken.value, input)
  const refuse = (reason: string): Outcome<Plan<Reverted>> =>
    ok(nothingToDo({ ...reversal, applicable: false, reason }, features))
  if ('refusal' in found) {
    const reason = isDryRun ? reasonOf(found.refusal) : undefined
    return reason === undefined ? found.refusal : refuse(reason)
  }
  const { plan } = found
  if (plan.entries.length === 0) return refuse(done)
  const result: Reverted = { ...reversal, applicable: true, reason: null }
  if (isDryRun) return ok(nothingToDo(result, features))
  const { sequence: reverts } = taken.value
  return ok({ ...plan, result, entries: plan.entries.map((entry) => ({ ...entry, reverts })) })
}
