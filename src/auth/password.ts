/**
 * Passwords at rest: scrypt, as a PHC string that carries its own parameters, so that stronger ones
 * can come later without a migration. Knows no user and decides no rules.
 */
import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { decodeBase64, encodeBase64 } from 'hono/utils/encode'

/** OWASP's equivalent of 128 MiB that fits an isolate: 16 MiB, about 0.15 s of CPU. */
const cost = { ln: 14, r: 8, p: 5 }
const hashBytes = 32
const maxmem = 64 * 2 ** 20

/**
 * Stands in when there is no such user, so that both answers take the same work. Its hash is random
 * text, not the hash of anything: no password opens it.
 */
const nobody =
  '$scrypt$ln=14,r=8,p=5$vdj7TPkz/XkrawgxRBBeTg$pPaNA438itLv78HSjRERYsre0aTKANlP6p550zNZ9i8'

const derive = (
  password: string,
  salt: Uint8Array,
  options: ScryptOptions & { length: number },
): Promise<Uint8Array<ArrayBuffer>> =>
  new Promise((resolve, reject) => {
    // NFKC: the same password typed on two keyboards may arrive as different code points.
    scrypt(password.normalize('NFKC'), salt, options.length, options, (error, key) =>
      error === null ? resolve(new Uint8Array(key)) : reject(error),
    )
  })

const toText = (bytes: Uint8Array<ArrayBuffer>) => encodeBase64(bytes.buffer).replace(/=+$/, '')

/** `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, both in base64 without padding. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const { ln, r, p } = cost
  const hash = await derive(password, salt, { N: 2 ** ln, r, p, maxmem, length: hashBytes })
  return `$scrypt$ln=${ln},r=${r},p=${p}$${toText(salt)}$${toText(hash)}`
}

const phc = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Compares in constant time; undefined stands for an unknown user and is never right. */
export async function verifyPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  const [, ln, r, p, salt, hash] = phc.exec(stored ?? nobody) ?? []
  if (salt === undefined || hash === undefined) return false
  const expected = decodeBase64(hash)
  const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem }
  const found = await derive(password, decodeBase64(salt), {
    ...options,
    length: expected.length,
  })
  return timingSafeEqual(found, expected) && stored !== undefined
}
