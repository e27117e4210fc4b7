/**
 * Ed25519 keys as the 32 bytes that are kept or shown of them, and as WebCrypto takes them. Whose keys they
 * are, and what they sign, is not for here.
 */

/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const pkcs8 = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]

/** Throws on a seed that has not 32 bytes. Extractable: only such a key tells of its public one. */
export const importSeed = (seed: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', Uint8Array.from([...pkcs8, ...seed]), 'Ed25519', true, ['sign'])

export async function publicKeyOf(key: CryptoKey): Promise<Uint8Array> {
  const { x = '' } = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
  const base64 = x.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
