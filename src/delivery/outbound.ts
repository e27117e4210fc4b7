/**
 * The one way out to a URL that somebody typed: the policy first, at this very moment, and then one
 * request (contract audit-and-webhooks §8.6). Deliveries, the test of an endpoint and whatever else calls
 * a user's URL go through here. Follows nothing, retries nothing, never throws.
 */
import type { Env } from '../env.ts'
import { type Request, type SendResult, type SendTools, send } from './send.ts'
import { checkTarget } from './target.ts'

export type Called = SendResult & {
  /** Why nothing was sent; the same text for what is blocked and for what does not resolve. */
  refusal: string | null
  /** How long the request took; null where none was sent. */
  durationMs: number | null
}

export const notSent = (failure: 'refused' | 'sealed', refusal: string): Called => ({
  delivered: false,
  status: null,
  failure,
  retryAfter: null,
  snippet: '',
  refusal,
  durationMs: null,
})

export async function callOut(
  env: Pick<Env, 'ALLOW_PRIVATE_WEBHOOKS'>,
  request: Request,
  tools: SendTools,
): Promise<Called> {
  const allowPrivate = env.ALLOW_PRIVATE_WEBHOOKS === 'true'
  const refusal = await checkTarget(request.url, { allowPrivate, fetch: tools.fetch })
  if (refusal !== null) return notSent('refused', refusal)
  const begun = tools.now()
  const result = await send(request, tools)
  return { ...result, refusal: null, durationMs: tools.now() - begun }
}
