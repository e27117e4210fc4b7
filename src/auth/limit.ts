/**
 * Slows down guessing at passwords and invites, and requests on behalf of others: so many a minute from one network, and so many at one
 * account wherever they come from. Counts are approximate and per location (the platform's).
 */
import type { Refusal } from '../outcome.ts'
import { sha256Hex } from '../storage/digest.ts'

/** The binding's period: after this long the next attempt passes for certain. */
const periodSeconds = 60

/** An IPv6 customer owns a /64: its addresses count as one. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

const networkKey = (ip: string | null) => `network:${networkOf(ip ?? 'unknown')}`

async function refuseTooMany(limit: RateLimit, keys: string[]): Promise<Refusal | undefined> {
  for (const key of keys) {
    const { success } = await limit.limit({ key })
    if (!success) return { kind: 'throttled', seconds: periodSeconds }
  }
  return undefined
}

/** Undefined while the attempt may go on. The e-mail address need not belong to anybody. */
export async function refuseTooManyLogins(
  limit: RateLimit,
  attempt: { ip: string | null; email: string },
): Promise<Refusal | undefined> {
  const account = `account:${await sha256Hex(attempt.email.toLowerCase())}`
  return refuseTooMany(limit, [networkKey(attempt.ip), account])
}

/** Ten joins a minute, of one person and of one network (contract §0.2). */
export const refuseTooManyJoins = (
  limit: RateLimit,
  attempt: { ip: string | null; userId: number },
): Promise<Refusal | undefined> =>
  refuseTooMany(limit, [networkKey(attempt.ip), `joining:${attempt.userId}`])

/** Ten requests a minute that make invites, of one person or key (contract §0.2). */
export const refuseTooManyInvites = (
  limit: RateLimit,
  inviter: { kind: string; id: string | null },
): Promise<Refusal | undefined> => refuseTooMany(limit, [`inviting:${inviter.kind}:${inviter.id}`])

/** Ten tests of endpoints a minute, of one person or key: each is a request to wherever they say. */
export const refuseTooManyTests = (
  limit: RateLimit,
  tester: { kind: string; id: string | null },
): Promise<Refusal | undefined> => refuseTooMany(limit, [`testing:${tester.kind}:${tester.id}`])
