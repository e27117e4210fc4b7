/**
 * How secrets and headers of webhooks are masked in answers, and what a mask that comes back means: the
 * value stays. Clients send what they were shown, and a mask never becomes a secret.
 */
import { encodeBase64 } from 'hono/utils/encode'
import { importSeed, publicKeyOf } from '../storage/ed25519.ts'
import { unseal } from '../storage/seal.ts'

const stars = '********'
/** Of a shorter secret four characters would give away too much. */
const shortestTold = 16

export const maskOf = (secret: string): string =>
  secret.length < shortestTold ? stars : `${stars}${secret.slice(-4)}`

export const isMask = (text: string): boolean => /^\*{8}.{0,4}$/su.test(text)

export const notASecret =
  'This is how answers hide what is there. Send the whole text, or leave it out to keep it.'

export const generateSecret = (): string =>
  `whsec_${encodeBase64(crypto.getRandomValues(new Uint8Array(32)).buffer)}`

/** The public key as Standard Webhooks writes it; the seed of the private one as it is sealed. */
export async function generateKeyPair(): Promise<{ seed: string; publicKey: string }> {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const publicKey = await publicKeyOf(await importSeed(seed))
  return {
    seed: encodeBase64(seed.buffer),
    publicKey: `whpk_${encodeBase64(publicKey.slice().buffer)}`,
  }
}

/** Undefined when the instance's secret is no longer the one that sealed it. */
export const open = (instanceSecret: string, sealed: string): Promise<string | undefined> =>
  unseal(instanceSecret, sealed).catch(() => undefined)

export type Headers = Record<string, string>

export async function openHeaders(
  instanceSecret: string,
  sealed: string | null,
): Promise<Headers | undefined> {
  if (sealed === null) return {}
  const text = await open(instanceSecret, sealed)
  return text === undefined ? undefined : (JSON.parse(text) as Headers)
}
