/**
 * An entry of the audit log as a whole: what was hashed, and what is left of the personal data beside
 * it. What was erased reads empty. Whoever shows entries reads them here and never `record` alone.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Who did it, or whom it was done to. Each is committed to, and erased, by itself. */
export type PersonalPart = 'actor' | 'subject'

/** The parts of a record that are read here and there; the rest is handed on as it is. */
export type Recorded = {
  v: number
  ledger: string
  sequence: number
  time: string
  outcome: string
  action: string
  change: string
  /** Entries of the first version have no credential. */
  actor: { kind: string; id: string | null; credential?: string | null; name: string }
  source: { ip: string | null; user_agent: string | null; request_id: string }
  resource: { type: string; id: string | null; uuid: string | null; name: string }
  organisation: number | null
  project: number | null
  environment: { id: number; name: string } | null
  log: string
  before: JsonObject | null
  after: JsonObject | null
  /** The sequence of the entry that this one takes back. */
  reverts?: number
  previous: string
  /** HMAC-SHA256 (hex) over each personal part, under a salt that is kept with the part. */
  commitment?: { [part in PersonalPart]?: string }
  /** Beside what was hashed: the parts that are gone. */
  erased?: PersonalPart[]
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Puts all of the other into the one; what both have as objects is merged in turn. */
function mergeInto(one: JsonObject, other: JsonObject): void {
  for (const name in other) {
    const [present, value = null] = [one[name], other[name]]
    if (isObject(present) && isObject(value)) mergeInto(present, value)
    else one[name] = value
  }
}

/** An entry of the first version is whole by itself. */
export function wholeRecord(row: {
  record: string
  personal?: string | null | undefined
}): Recorded {
  const record = JSON.parse(row.record) as JsonObject
  if (!isObject(record.commitment)) return record as Recorded
  const left = JSON.parse(row.personal ?? '{}') as { [part in PersonalPart]?: JsonObject }
  const { name = '', ip = null, user_agent = null } = left.actor ?? {}
  mergeInto(record, { actor: { name }, source: { ip, user_agent } })
  if (left.subject !== undefined) {
    const { salt: _, ...subject } = left.subject
    mergeInto(record, subject)
  }
  const whole = record as Recorded
  // Texts that every entry has, also where they were erased.
  whole.log ??= ''
  whole.resource.name ??= ''
  const erased = Object.keys(record.commitment).filter((part) => !(part in left)) as PersonalPart[]
  if (erased.length > 0) whole.erased = erased
  return whole
}
