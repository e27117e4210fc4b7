/**
 * What an attempt sends: the frozen bytes under a fresh timestamp and signature, with the endpoint's own
 * headers beneath ours. What cannot be signed is not sent. Records nothing.
 */
import { decodeBase64 } from 'hono/utils/encode'
import type { Env } from '../env.ts'
import type { Assignment } from '../storage/assignments.ts'
import { importSeed } from '../storage/ed25519.ts'
import { unseal } from '../storage/seal.ts'
import { type HeaderLines, mergeHeaders } from './headers.ts'
import { type Called, callOut, notSent } from './outbound.ts'
import type { SendTools } from './send.ts'
import { placeHeaders, type Secrets, signatureHeaders, traceHeaders } from './signing.ts'
import { checkpointHeader, type Sign, witnessHeaders } from './witness.ts'

type Opened = Secrets & { custom: HeaderLines }

/** Undefined when anything sealed cannot be opened. */
async function openSealed(env: Env, { sealed }: Assignment): Promise<Opened | undefined> {
  const open = (text: string | null) => (text === null ? null : unseal(env.BURGEE_SECRET, text))
  try {
    const [present = null, next = null, seed = null, custom = null] = await Promise.all([
      open(sealed.sealedSecret),
      open(sealed.sealedNextSecret),
      open(sealed.sealedPrivateKey),
      open(sealed.sealedHeaders),
    ])
    const privateKey = seed === null ? null : await importSeed(decodeBase64(seed))
    return { present, next, privateKey, custom: custom === null ? {} : JSON.parse(custom) }
  } catch {
    return undefined
  }
}

type At = Opened & { timestamp: number; sign: Sign }

async function headersOf(assignment: Assignment, at: At) {
  const { eventId: id, body, environmentId, sequence, number: attempt } = assignment
  const [signatures, trace, witness] = await Promise.all([
    signatureHeaders({ id, timestamp: at.timestamp, body }, at),
    traceHeaders(id, crypto.getRandomValues(new Uint8Array(8))),
    witnessHeaders(at.sign, assignment),
  ])
  const place = placeHeaders({ environmentId, sequence, attempt })
  const { sent, shown } = mergeHeaders(at.custom, { ...signatures, ...place, ...trace, ...witness })
  // Of every attempt's row it would be the most, and the log can be asked for it.
  if (checkpointHeader in shown) shown[checkpointHeader] = '(not kept)'
  return { sent, shown }
}

/** `shown` is what the attempt log may hold of the headers that went out. */
type Performed = Called & { shown: HeaderLines | null }

export async function perform(
  env: Env,
  assignment: Assignment,
  tools: SendTools & { sign: Sign },
): Promise<Performed> {
  const opened = await openSealed(env, assignment)
  if (opened === undefined) {
    return { ...notSent('sealed', 'The stored secret cannot be opened.'), shown: null }
  }
  const timestamp = Math.floor(tools.now() / 1_000)
  const { sent, shown } = await headersOf(assignment, { ...opened, timestamp, sign: tools.sign })
  const { url, body } = assignment
  const called = await callOut(env, { url, headers: sent, body }, tools)
  return { ...called, shown: called.refusal === null ? shown : null }
}
