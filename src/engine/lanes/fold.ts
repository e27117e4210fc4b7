/**
 * A digest modulo 9999 without big numbers: it is a sum of eight 16-bit halves, each times a power of
 * 65536, and those powers may be taken modulo 9999 beforehand. The sum stays below 2^31.
 */

export const MODULUS = 9999

/** Powers of 65536 modulo 9999, for the digest's first half to its last. */
export const WEIGHTS = [763, 7291, 4225, 1897, 3358, 6835, 5542, 1] as const

/** Takes the four words as MD5 leaves them: the digest begins with their least significant bytes. */
export function fold(a: number, b: number, c: number, d: number): number {
  return (
    half(a) * WEIGHTS[0] +
    half(a >>> 16) * WEIGHTS[1] +
    half(b) * WEIGHTS[2] +
    half(b >>> 16) * WEIGHTS[3] +
    half(c) * WEIGHTS[4] +
    half(c >>> 16) * WEIGHTS[5] +
    half(d) * WEIGHTS[6] +
    half(d >>> 16) * WEIGHTS[7]
  )
}

function half(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff)
}
