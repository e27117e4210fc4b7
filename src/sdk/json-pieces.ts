/**
 * Joins finished pieces of JSON to one body, as bytes: several times cheaper than joining the same
 * as text and encoding that.
 */
const encoder = new TextEncoder()
const comma = 0x2c

/** `head[piece,piece,…]tail`. */
export function joinList(head: string, pieces: Uint8Array[], tail: string): Uint8Array {
  const start = encoder.encode(`${head}[`)
  const end = encoder.encode(`]${tail}`)
  let length = start.length + end.length + Math.max(0, pieces.length - 1)
  for (const piece of pieces) length += piece.length
  const body = new Uint8Array(length)
  body.set(start)
  let at = start.length
  for (const piece of pieces) {
    if (at > start.length) body[at++] = comma
    body.set(piece, at)
    at += piece.length
  }
  body.set(end, at)
  return body
}
