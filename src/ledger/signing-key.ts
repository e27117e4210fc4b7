/**
 * The key that signs a log's checkpoints. It follows from the instance's secret and the log's origin,
 * so nothing is stored: whoever has the database alone cannot sign, and another secret is another key.
 */
import { importSeed, publicKeyOf } from '../storage/ed25519.ts'
import type { Signer } from './note.ts'

async function deriveSeed(secret: string, origin: string): Promise<Uint8Array> {
  const encoder = new TextEncoder()
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const info = encoder.encode(`burgee audit checkpoint v1\n${origin}`)
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, 256))
}

export async function signerOf(secret: string, origin: string): Promise<Signer> {
  const key = await importSeed(await deriveSeed(secret, origin))
  return {
    name: origin,
    publicKey: await publicKeyOf(key),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', key, new Uint8Array(message))),
  }
}
