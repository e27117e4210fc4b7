/**
 * Asks, before every attempt, whether a URL leads to the public internet now: the policy on its text,
 * then DNS over HTTPS. It fails closed. The address is not pinned (a Worker cannot choose it), so on
 * a network with private neighbours the runtime's own network rule must stand behind this check.
 */
import { isPublicAddress, parseAddress } from './addresses.ts'
import { checkUrl, hostOf, type UrlOptions } from './url-policy.ts'

const resolver = 'https://cloudflare-dns.com/dns-query'
const timeoutMs = 3_000
const recordTypes = { A: 1, AAAA: 28 } as const

/** One text for "blocked" and "unresolvable": the difference would map a private network. */
const notPublic = 'The host does not resolve to public addresses only.'

type DnsReply = { Status?: unknown; Answer?: { type?: unknown; data?: unknown }[] }

/** The addresses of a name; throws when the resolver has no clear answer. */
async function lookUp(
  name: string,
  type: keyof typeof recordTypes,
  fetch: typeof globalThis.fetch,
): Promise<string[]> {
  const response = await fetch(`${resolver}?name=${encodeURIComponent(name)}&type=${type}`, {
    headers: { accept: 'application/dns-json' },
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (!response.ok) throw new Error(`resolver answered ${response.status}`)
  const reply = (await response.json()) as DnsReply
  if (reply.Status !== 0) throw new Error('name not resolved')
  return (reply.Answer ?? [])
    .filter((answer) => answer.type === recordTypes[type])
    .map((answer) => String(answer.data))
}

/** Null when the target may be called, otherwise why not. */
export async function checkTarget(
  text: string,
  options: UrlOptions & { fetch: typeof globalThis.fetch },
): Promise<string | null> {
  const refusal = checkUrl(text, options)
  if (refusal !== null || options.allowPrivate) return refusal
  const host = hostOf(new URL(text))
  if (parseAddress(host) !== null) return null
  try {
    // One after the other: an invocation has six connections, and six attempts may share it.
    const found = await lookUp(host, 'A', options.fetch)
    found.push(...(await lookUp(host, 'AAAA', options.fetch)))
    return found.length > 0 && found.every(isPublicAddress) ? null : notPublic
  } catch {
    return notPublic
  }
}
