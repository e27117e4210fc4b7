/**
 * What an attempt sends: the frozen bytes under a fresh timestamp and signature, with the endpoint's own
 * headers beneath ours. What cannot be signed is not sent. Records nothing.
 */
import type { Env } from '../env.ts'
import type { Assignment } from '../storage/delivery-claims.ts'
import { unseal } from '../storage/seal.ts'
import { type HeaderLines, mergeHeaders } from './headers.ts'
import { type Called, callOut, notSent } from './outbound.ts'
import type { SendTools } from './send.ts'
import { placeHeaders, signatureHeaders } from './signing.ts'

type Opened = { present: string | null; next: string | null; custom: HeaderLines }

/** Undefined when anything sealed cannot be opened. */
async function openSealed(env: Env, { sealed }: Assignment): Promise<Opened | undefined> {
  const open = (text: string | null) => (text === null ? null : unseal(env.BURGEE_SECRET, text))
  try {
    const [present = null, next = null, custom = null] = await Promise.all([
      open(sealed.sealedSecret),
      open(sealed.sealedNextSecret),
      open(sealed.sealedHeaders),
    ])
    return { present, next, custom: custom === null ? {} : JSON.parse(custom) }
  } catch {
    return undefined
  }
}

/** `shown` is what the attempt log may hold of the headers that went out. */
type Performed = Called & { shown: HeaderLines | null }

export async function perform(
  env: Env,
  assignment: Assignment,
  tools: SendTools,
): Promise<Performed> {
  const opened = await openSealed(env, assignment)
  if (opened === undefined) {
    return { ...notSent('sealed', 'The stored secret cannot be opened.'), shown: null }
  }
  const { eventId: id, body, url, environmentId, sequence, number: attempt } = assignment
  const timestamp = Math.floor(tools.now() / 1_000)
  const { sent, shown } = mergeHeaders(opened.custom, {
    ...(await signatureHeaders({ id, timestamp, body }, opened)),
    ...placeHeaders({ environmentId, sequence, attempt }),
  })
  const called = await callOut(env, { url, headers: sent, body }, tools)
  return { ...called, shown: called.refusal === null ? shown : null }
}
