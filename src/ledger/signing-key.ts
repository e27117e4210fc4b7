/**
 * The key that signs a log's checkpoints. It follows from the instance's secret and the log's origin,
 * so nothing is stored: whoever has the database alone cannot sign, and another secret is another key.
 */
import type { Signer } from './note.ts'

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const pkcs8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]

async function deriveSeed(secret: string, origin: string): Promise<Uint8Array> {
  const encoder = new TextEncoder()
  const base = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveBits',
  ])
  const info = encoder.encode(`burgee audit checkpoint v1\n${origin}`)
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, 256))
}

/** WebCrypto tells a public key only of a private one that may leave it. */
async function publicKeyOf(key: CryptoKey): Promise<Uint8Array> {
  const { x = '' } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
  const base64 = x.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

export async function signerOf(secret: string, origin: string): Promise<Signer> {
  const seed = await deriveSeed(secret, origin)
  const encoded = Uint8Array.from([...pkcs8, ...seed])
  const key = await crypto.subtle.importKey('pkcs8', encoded, 'Ed25519', true, ['sign'])
  return {
    name: origin,
    publicKey: await publicKeyOf(key),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', key, new Uint8Array(message))),
  }
}
