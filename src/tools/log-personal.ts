/**
 * Holds the personal data beside a record against what the record was committed to (ledger/personal.ts).
 * Data that is gone was erased, which leaves the record as it is; data that is another is an edit.
 */
import { hash } from 'node:crypto'
import { type Json, toCanonical } from './log-canonical.ts'

const blockBytes = 64
const saltBytes = 16

const outer = Buffer.alloc(blockBytes + 32)
let inner = Buffer.alloc(blockBytes + 4_096)

/**
 * HMAC-SHA256 (RFC 2104) with a key of 16 bytes, in hex. Two hashes of its own: the runtime's HMAC object
 * takes five times as long, and there are up to two of them for each entry.
 */
function hmac(key: Uint8Array, message: string): string {
  // A UTF-16 unit takes three bytes at most.
  const room = blockBytes + message.length * 3
  if (inner.length < room) inner = Buffer.alloc(room)
  inner.fill(0x36, 0, blockBytes)
  outer.fill(0x5c, 0, blockBytes)
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  const end = blockBytes + inner.write(message, blockBytes)
  outer.set(hash('sha256', inner.subarray(0, end), 'buffer'), blockBytes)
  return hash('sha256', outer)
}

type Part = { [name: string]: Json }

const isPart = (value: unknown): value is Part =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isCommitted(part: unknown, commitment: unknown): boolean {
  if (!isPart(part)) return false
  const { salt, ...told } = part
  const key = Buffer.from(typeof salt === 'string' ? salt : '', 'base64')
  return key.length === saltBytes && hmac(key, toCanonical(told)) === commitment
}

export type PersonalCheck = { fault: string | undefined; isErased: boolean }

/** `personal` is the text beside the record, if there is one; a part of it may be gone, or all. */
export function checkPersonal(commitment: unknown, personal: unknown): PersonalCheck {
  const committed = isPart(commitment) ? commitment : {}
  const present = personal == null ? {} : JSON.parse(String(personal))
  if (!isPart(present)) return { fault: 'its personal data cannot be read', isErased: false }
  for (const name in present) {
    if (!isCommitted(present[name], committed[name])) {
      return { fault: `its personal data (${name}) is not what was recorded`, isErased: false }
    }
  }
  const isErased = Object.keys(committed).some((name) => !Object.hasOwn(present, name))
  return { fault: undefined, isErased }
}
