/**
 * New random credentials. Whoever makes one hands its text to the caller once and only the hash to
 * a write, so that neither the ledger nor the database ever holds what opens the door.
 */
import { randomKey } from '../domain/random-key.ts'
import { sha256Hex } from '../storage/digest.ts'
import { seal } from '../storage/seal.ts'

export type NewToken = { token: string; hash: string }

/** 160 bits as 40 hex characters, the contract's shape of a session token. */
export async function newToken(): Promise<NewToken> {
  const bytes = crypto.getRandomValues(new Uint8Array(20))
  const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { token, hash: await sha256Hex(token) }
}

export type NewOrganisationKey = { key: string; prefix: string; hash: string }

/** `<8 characters>.<32 characters>`: the prefix is public, the rest carries 186 bits. */
export async function newOrganisationKey(): Promise<NewOrganisationKey> {
  const prefix = randomKey(8)
  const key = `${prefix}.${randomKey(32)}`
  return { key, prefix, hash: await sha256Hex(key) }
}

export type NewEnvironmentKey = { key: string; hash: string; sealed: string }

/** `ser.` and 128 bits; sealed as well, because the contract's list shows it again (§B.4). */
export async function newEnvironmentKey(secret: string): Promise<NewEnvironmentKey> {
  const key = `ser.${randomKey(22)}`
  return { key, hash: await sha256Hex(key), sealed: await seal(secret, key) }
}

export type NewInvite = { plain: string; hash: string }

/** 186 bits: what opens an invite by e-mail. The contract calls the text itself the invite's hash. */
export async function newInvite(): Promise<NewInvite> {
  const plain = randomKey(32)
  return { plain, hash: await sha256Hex(plain) }
}

/** Sealed as well, because the contract's list shows it again (§B.2). */
export async function newInviteLink(secret: string): Promise<{ hash: string; sealed: string }> {
  const { plain, hash } = await newInvite()
  return { hash, sealed: await seal(secret, plain) }
}
