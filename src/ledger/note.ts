/**
 * Checkpoints as C2SP writes them (tlog-checkpoint, signed-note): what a log promises about its first
 * `size` entries, as text with an Ed25519 signature below. Formats, reads and verifies; it does not
 * decide what may be signed.
 */
import { fromBase64, toBase64, toHex } from './bytes.ts'
import { sha256 } from './sha256.ts'

export type Checkpoint = { origin: string; size: number; root: Uint8Array }

/** A name and its Ed25519 public key. The name is the log's origin. */
export type Verifier = { name: string; publicKey: Uint8Array }

export type Signer = Verifier & { sign: (message: Uint8Array) => Promise<Uint8Array> }

type Signature = { name: string; keyHash: string; bytes: Uint8Array }

/** A note that was read: `text` is what the signatures are about. */
export type Note = { text: string; checkpoint: Checkpoint; signatures: Signature[] }

const ed25519 = 1
const encoder = new TextEncoder()

const join = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const typed = (publicKey: Uint8Array) => join(Uint8Array.of(ed25519), publicKey)

/** The first four bytes of SHA-256 over the name, a line feed and the typed key. */
const keyHashOf = ({ name, publicKey }: Verifier): Uint8Array =>
  sha256(join(encoder.encode(`${name}\n`), typed(publicKey))).slice(0, 4)

/** The verifier key: `<name>+<hash>+<base64 of the typed key>`. */
export const verifierKey = (verifier: Verifier): string =>
  `${verifier.name}+${toHex(keyHashOf(verifier))}+${toBase64(typed(verifier.publicKey))}`

/** Undefined for what is no verifier key, or one whose hash is not its own. */
export function parseVerifierKey(text: string): Verifier | undefined {
  const [, name = '', hash, encoded = ''] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? []
  const bytes = fromBase64(encoded)
  if (bytes?.length !== 33 || bytes[0] !== ed25519) return undefined
  const verifier = { name, publicKey: bytes.slice(1) }
  return toHex(keyHashOf(verifier)) === hash ? verifier : undefined
}

const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`

/** The note; its bytes depend on nothing but the checkpoint and the key. */
export async function signCheckpoint(signer: Signer, checkpoint: Checkpoint): Promise<string> {
  const text = checkpointText(checkpoint)
  const signature = join(keyHashOf(signer), await signer.sign(encoder.encode(text)))
  return `${text}\n— ${signer.name} ${toBase64(signature)}\n`
}

function parseSignature(line: string): Signature | undefined {
  const [, name = '', encoded = ''] = /^— ([^\s+]+) (\S+)$/.exec(line) ?? []
  const bytes = fromBase64(encoded)
  if (bytes === undefined || bytes.length < 5) return undefined
  return { name, keyHash: toHex(bytes.slice(0, 4)), bytes: bytes.slice(4) }
}

/** Undefined for what is no signed checkpoint. Extension lines are let be: the signature covers them. */
export function parseCheckpoint(note: string): Note | undefined {
  const end = note.lastIndexOf('\n\n') + 1
  if (end === 0 || !note.endsWith('\n')) return undefined
  const text = note.slice(0, end)
  const signatures = note
    .slice(end + 1, -1)
    .split('\n')
    .map(parseSignature)
  const [origin = '', size = '', encoded = ''] = text.split('\n')
  const root = fromBase64(encoded)
  if (origin === '' || !/^(0|[1-9]\d{0,14})$/.test(size) || root?.length !== 32) return undefined
  if (signatures.some((signature) => signature === undefined)) return undefined
  return {
    text,
    checkpoint: { origin, size: Number(size), root },
    signatures: signatures.flatMap((signature) => signature ?? []),
  }
}

/** Whether the key of the verifier is said to have signed the note: its name and hash, no more. */
const signaturesBy = (note: Note, verifier: Verifier): Signature[] => {
  const hash = toHex(keyHashOf(verifier))
  return note.signatures.filter(({ name, keyHash }) => name === verifier.name && keyHash === hash)
}

export type Verdict = 'good' | 'forged' | 'unknown-key'

/** `forged`: names one of the keys, but is not its signature. */
export async function verifyNote(note: Note, verifiers: Verifier[]): Promise<Verdict> {
  let verdict: Verdict = 'unknown-key'
  for (const verifier of verifiers) {
    const named = signaturesBy(note, verifier)
    if (named.length === 0) continue
    const bytes = join(verifier.publicKey)
    const key = await crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify'])
    const message = encoder.encode(note.text)
    for (const signature of named) {
      const isGood = await crypto.subtle.verify('Ed25519', key, join(signature.bytes), message)
      if (!isGood) return 'forged'
      verdict = 'good'
    }
  }
  return verdict
}
