/** Random text for keys: an alphabet without look-alikes, from the platform's CSPRNG. */
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Each character carries 5.8 bits; 22 of them carry 128. */
export function randomKey(length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let key = ''
  while (key.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      // A byte above the last whole multiple would favour the first letters.
      if (byte < limit && key.length < length) key += alphabet[byte % alphabet.length]
    }
  }
  return key
}
