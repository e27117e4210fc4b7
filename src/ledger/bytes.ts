/** Bytes as the texts that they travel in: hex in the log, base64 in checkpoints and proofs. */

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const byteOf = new Map(hexOf.map((hex, byte) => [hex, byte]))

export const toHex = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += hexOf[byte]
  return text
}

/** Throws on what is no hex in lower case. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const byte = byteOf.get(text.slice(i * 2, i * 2 + 2))
    if (byte === undefined) throw new Error('not hex')
    bytes[i] = byte
  }
  return bytes
}

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))

/** Undefined for what is no base64 in its one canonical spelling. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
    return toBase64(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}
