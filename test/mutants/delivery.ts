/** What would break the promises of a delivery: at least once, signed, in bounds, to public addresses only. */
import type { Mutant } from './mutant.ts'

const inDelivery = (...names: string[]) => names.map((name) => `test/delivery/${name}.test.ts`)

const sending: Mutant[] = [
  {
    name: 'a redirect is followed',
    file: 'src/delivery/send.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: inDelivery('send'),
  },
  {
    name: '3xx counts as success',
    file: 'src/delivery/send.ts',
    find: 'status < 300',
    replace: 'status < 400',
    tests: inDelivery('send'),
  },
  {
    name: '4xx counts as success',
    file: 'src/delivery/send.ts',
    find: 'status >= 200 && status < 300',
    replace: '(status >= 200 && status < 300) || (status >= 400 && status < 500)',
    tests: inDelivery('send'),
  },
  {
    // Not without any: an answer that never ends would hold up the run as well.
    name: 'an answer is read without a limit worth the name',
    file: 'src/delivery/send.ts',
    find: 'const readLimit = 16_384',
    replace: 'const readLimit = 16_384_000',
    tests: inDelivery('send'),
  },
  {
    name: 'Retry-After is ignored',
    file: 'src/delivery/schedule.ts',
    find: '(retryAfter ?? 0) * second',
    replace: '(retryAfter ?? 0) * 0',
    tests: inDelivery('schedule'),
  },
  {
    name: 'the URL is not checked at the attempt',
    file: 'src/delivery/outbound.ts',
    find: "  if (refusal !== null) return notSent('refused', refusal)\n",
    replace: '',
    tests: inDelivery('target'),
  },
  {
    name: 'link-local addresses count as public',
    file: 'src/delivery/addresses.ts',
    find: "  '169.254.0.0/16',\n",
    replace: '',
    tests: inDelivery('url-policy'),
  },
  {
    name: 'Teredo addresses count as public',
    file: 'src/delivery/addresses.ts',
    find: "'2001::/23', ",
    replace: '',
    tests: inDelivery('url-policy'),
  },
]

const signing: Mutant[] = [
  {
    name: 'the signature is that of a re-serialised body',
    file: 'src/delivery/perform.ts',
    find: 'signatureHeaders({ id, timestamp, body }',
    replace: 'signatureHeaders({ id, timestamp, body: JSON.stringify(JSON.parse(body)) }',
    tests: inDelivery('attempt'),
  },
  {
    name: 'a retry has the timestamp of the first attempt',
    file: 'src/delivery/perform.ts',
    find: 'const timestamp = Math.floor(tools.now() / 1_000)',
    replace: `const first = globalThis as unknown as Record<string, number>
  const timestamp = (first[id] ??= Math.floor(tools.now() / 1_000))`,
    tests: inDelivery('attempt'),
  },
  {
    name: 'no x-previous-sequence',
    file: 'src/delivery/signing.ts',
    find: "  'x-previous-sequence': String(at.sequence - 1),\n",
    replace: '',
    tests: inDelivery('attempt'),
  },
  {
    name: 'signatures are compared with ===',
    file: 'src/tools/webhook-check.ts',
    find: 'one.length === other.length && timingSafeEqual(one, other)',
    replace: 'one.toString() === other.toString()',
    tests: ['test/tools/webhook-receiver.test.ts'],
  },
  ...[
    ['Node', 'one.length === other.length && timingSafeEqual(one, other)', 'one.equals(other)'],
    ['Python', 'hmac.compare_digest(one.encode(), expected)', 'one.encode() == expected'],
    ['Go', 'hmac.Equal([]byte(signature), expected) {', 'signature == string(expected) {'],
  ].map(([language, find = '', replace = '']) => ({
    name: `the snippet in ${language} compares signatures with ==`,
    file: 'src/WEBHOOKS.md',
    find,
    replace,
    tests: ['test/tools/webhook-receiver.test.ts'],
  })),
]

const queueing: Mutant[] = [
  {
    name: 'a message is acknowledged before the claim',
    file: 'src/delivery/consumer.ts',
    find: '    const assignments = await claim(env, ids, { now: tools.now() })\n    for (const message of messages) message.ack()\n',
    replace:
      '    for (const message of messages) message.ack()\n    const assignments = await claim(env, ids, { now: tools.now() })\n',
    tests: inDelivery('consumer'),
  },
  {
    name: 'two senders take one delivery',
    file: 'src/storage/delivery-claims.ts',
    find: 'AND due.leased_until < ',
    replace: 'AND 0 < ',
    tests: inDelivery('claim'),
  },
  {
    name: 'the first byte leaves before the attempt is written down',
    file: 'src/delivery/claim.ts',
    find: '  return assignments\n',
    replace: "  await env.DB.exec('DELETE FROM attempts')\n  return assignments\n",
    tests: inDelivery('claim'),
  },
  {
    name: 'an open breaker burns attempts',
    file: 'src/storage/delivery-claims.ts',
    find: "nextAttemptAt: until, reason: 'breaker'",
    replace: "nextAttemptAt: until, reason: 'breaker', attempts: sql`attempts + 1`",
    tests: inDelivery('lanes'),
  },
  {
    name: 'fanning out twice makes two deliveries',
    file: 'src/storage/deliveries.ts',
    find: 'WHERE there.event_id = ',
    replace: 'WHERE 0 AND there.event_id = ',
    tests: inDelivery('fan-out'),
  },
  {
    name: 'the queue is rung before the deliveries are there',
    file: 'src/delivery/fan-out.ts',
    find: '  const inserts = insertDeliveries(',
    replace: '  await ring(env, firstOfEach(rows))\n  const inserts = insertDeliveries(',
    tests: inDelivery('fan-out'),
  },
]

export const deliveryMutants: Mutant[] = [...sending, ...signing, ...queueing]
