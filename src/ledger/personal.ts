/**
 * Takes what is personal out of an entry before it is hashed (contract audit-and-webhooks §5.1 A9, §7).
 * The record keeps a salted commitment in its place: erasing the data with its salt leaves every hash
 * and proof as it is, and nobody can guess from the commitment what was there.
 */
import type { Json, JsonObject, ResourceType } from '../domain/write.ts'
import { fromBase64, toBase64, toHex } from './bytes.ts'
import { canonicalJson } from './canonical.ts'

/** An entry with everything in it. */
export type WholeRecord = JsonObject & {
  actor: JsonObject & { name: string }
  source: JsonObject & { ip: string | null; user_agent: string | null }
  resource: JsonObject & { type: ResourceType; name: string }
  log: string
  before: JsonObject | null
  after: JsonObject | null
}

type Rule = {
  /** Only entries with this in a snapshot are about somebody; without a mark all of the type are. */
  mark?: string
  /** Which of the entry's own texts name the person. */
  texts: readonly ('log' | 'name')[]
  /** Which members of a snapshot do. What the log is filtered by is none of them. */
  fields: readonly string[]
}

const both = ['log', 'name'] as const

/** Types that are not here are about things: their texts and snapshots hold ids of people at most. */
const rules: Partial<Record<ResourceType, Rule>> = {
  USER: { texts: both, fields: ['email', 'first_name', 'last_name'] },
  SESSION: { texts: both, fields: [] },
  MEMBERSHIP: { texts: both, fields: ['email'] },
  INVITE: { mark: 'email', texts: both, fields: ['email'] },
  PERMISSION: { mark: 'user_id', texts: both, fields: [] },
  IDENTITY: { texts: both, fields: ['identifier', 'traits', 'trait_keys'] },
  TRAIT: { mark: 'identity_id', texts: both, fields: ['identifier', 'key', 'value'] },
  FEATURE_STATE: { mark: 'identity_id', texts: ['log'], fields: ['identifier'] },
  ORGANISATION: {
    mark: 'webhook_notification_email',
    texts: [],
    fields: ['webhook_notification_email'],
  },
}

/** The members with these names, and the others. */
function divide(snapshot: JsonObject, names: readonly string[]): [JsonObject, JsonObject] {
  const isNamed = ([name]: [string, Json]) => names.includes(name)
  const members = Object.entries(snapshot)
  return [
    Object.fromEntries(members.filter(isNamed)),
    Object.fromEntries(members.filter((member) => !isNamed(member))),
  ]
}

type Split = { shown: JsonObject; subject: JsonObject }

/** Whom the entry is about: the members that tell it, at the places they have in the record. */
function splitSubject(record: WholeRecord): Split {
  const rule = rules[record.resource.type]
  const { mark } = rule ?? {}
  const { before, after } = record
  const isAbout = mark === undefined || (after?.[mark] ?? before?.[mark] ?? null) !== null
  if (rule === undefined || !isAbout) return { shown: record, subject: {} }
  const [subject, shown] = divide(record, rule.texts.includes('log') ? ['log'] : [])
  const take = (place: string, from: JsonObject | null, names: readonly string[]) => {
    const [taken, left] = divide(from ?? {}, names)
    if (Object.keys(taken).length === 0) return
    subject[place] = taken
    shown[place] = left
  }
  take('resource', record.resource, rule.texts.includes('name') ? ['name'] : [])
  take('before', before, rule.fields)
  take('after', after, rule.fields)
  return { shown, subject }
}

async function commitmentTo(part: JsonObject, salt: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', salt, algorithm, false, ['sign'])
  const message = new TextEncoder().encode(canonicalJson(part))
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, message)))
}

/**
 * The record that is hashed and, beside it, the personal parts as canonical JSON. The part `actor` is
 * there in every entry, `subject` only in those about somebody.
 */
export async function splitPersonal(
  whole: WholeRecord,
): Promise<{ record: JsonObject; personal: string }> {
  const { shown, subject } = splitSubject(whole)
  const { name, ...actor } = whole.actor
  const { ip, user_agent, ...source } = whole.source
  const parts: Record<string, JsonObject> = { actor: { name, ip, user_agent } }
  if (Object.keys(subject).length > 0) parts.subject = subject
  const commitment: JsonObject = {}
  const kept: JsonObject = {}
  for (const [part, told] of Object.entries(parts)) {
    const salt = crypto.getRandomValues(new Uint8Array(16))
    commitment[part] = await commitmentTo(told, salt)
    kept[part] = { ...told, salt: toBase64(salt) }
  }
  return { record: { ...shown, actor, source, commitment }, personal: canonicalJson(kept) }
}

/** Whether a part, with its salt, is the one that a record has committed to. */
export async function isCommitted(part: JsonObject, commitment: string): Promise<boolean> {
  const { salt, ...told } = part
  const key = typeof salt === 'string' ? fromBase64(salt) : undefined
  return key?.length === 16 && (await commitmentTo(told, key.slice())) === commitment
}
