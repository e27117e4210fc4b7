/** What would break the promises of a delivery: at least once, signed, in bounds, to public addresses only. */
import type { Mutant } from './mutant.ts'

const inDelivery = (name: string) => `test/delivery/${name}.test.ts`

const sending: Mutant[] = [
  {
    name: 'a redirect is followed',
    file: 'src/delivery/send.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    test: inDelivery('send'),
    by: 'follows nothing',
  },
  {
    name: '3xx counts as success',
    file: 'src/delivery/send.ts',
    find: 'status < 300',
    replace: 'status < 400',
    test: inDelivery('send'),
    by: 'has failed with status 300',
  },
  {
    name: '4xx counts as success',
    file: 'src/delivery/send.ts',
    find: 'status >= 200 && status < 300',
    replace: '(status >= 200 && status < 300) || (status >= 400 && status < 500)',
    test: inDelivery('send'),
    by: 'has failed with status 400',
  },
  {
    // Not without any: an answer that never ends would hold up the run as well.
    name: 'an answer is read without a limit worth the name',
    file: 'src/delivery/send.ts',
    find: 'const readLimit = 16_384',
    replace: 'const readLimit = 16_384_000',
    test: inDelivery('send'),
    by: 'sends a gigabyte is cut off',
  },
  {
    name: 'Retry-After is ignored',
    file: 'src/delivery/schedule.ts',
    find: '(retryAfter ?? 0) * second',
    replace: '(retryAfter ?? 0) * 0',
    test: inDelivery('schedule'),
    by: 'honours Retry-After',
  },
  {
    name: 'the URL is not checked at the attempt',
    file: 'src/delivery/outbound.ts',
    find: "  if (refusal !== null) return notSent('refused', refusal)\n",
    replace: '',
    test: inDelivery('target'),
    by: 'a private address is never called',
  },
  {
    name: 'link-local addresses count as public',
    file: 'src/delivery/addresses.ts',
    find: "  '169.254.0.0/16',\n",
    replace: '',
    test: inDelivery('url-policy'),
    by: "'link-local'",
  },
  {
    name: 'Teredo addresses count as public',
    file: 'src/delivery/addresses.ts',
    find: "'2001::/23', ",
    replace: '',
    test: inDelivery('url-policy'),
    by: "'Teredo server'",
  },
]

const signing: Mutant[] = [
  {
    name: 'the signature is that of a re-serialised body',
    file: 'src/delivery/perform.ts',
    find: 'timestamp: at.timestamp, body }',
    replace: 'timestamp: at.timestamp, body: JSON.stringify(JSON.parse(body)) }',
    test: inDelivery('attempt'),
    by: 'sends the frozen bytes, signed',
  },
  {
    name: 'a retry has the timestamp of the first attempt',
    file: 'src/delivery/perform.ts',
    find: 'const timestamp = Math.floor(tools.now() / 1_000)',
    replace: `const first = globalThis as unknown as Record<string, number>
  const timestamp = (first[assignment.eventId] ??= Math.floor(tools.now() / 1_000))`,
    test: inDelivery('attempt'),
    by: 'under a fresh timestamp and signature',
  },
  {
    name: 'no x-previous-sequence',
    file: 'src/delivery/signing.ts',
    find: "  'x-previous-sequence': String(at.sequence - 1),\n",
    replace: '',
    test: inDelivery('attempt'),
    by: 'sends the frozen bytes, signed',
  },
  {
    name: 'signatures are compared with ===',
    file: 'src/tools/webhook-check.ts',
    find: 'one.length === other.length && timingSafeEqual(one, other)',
    replace: 'one.toString() === other.toString()',
    test: 'test/tools/webhook-receiver.test.ts',
    by: 'in constant time by the local receiver',
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
    test: 'test/tools/webhook-receiver.test.ts',
    by: `in constant time by the snippet in ${language}`,
  })),
]

const queueing: Mutant[] = [
  {
    name: 'a message is acknowledged before the claim',
    file: 'src/delivery/consumer.ts',
    find: '    const assignments = await claim(env, ids, { now: tools.now() })\n    for (const message of messages) message.ack()\n',
    replace:
      '    for (const message of messages) message.ack()\n    const assignments = await claim(env, ids, { now: tools.now() })\n',
    test: inDelivery('consumer'),
    by: 'a claim that D1 refuses',
  },
  {
    name: 'two senders take one delivery',
    file: 'src/storage/delivery-claims.ts',
    find: 'AND due.leased_until < ',
    replace: 'AND 0 < ',
    test: inDelivery('claim'),
    by: 'of ten messages',
  },
  {
    name: 'the first byte leaves before the attempt is written down',
    file: 'src/delivery/attempt.ts',
    find: '  const result = await perform(env, assignment, tools)\n',
    replace: `  await env.DB.prepare('DELETE FROM attempts WHERE delivery_id = ?').bind(deliveryId).run()
  const result = await perform(env, assignment, tools)
  const started = "INSERT INTO attempts (delivery_id, number, started_at, outcome) VALUES (?, ?, ?, 'started')"
  await env.DB.prepare(started).bind(deliveryId, number, tools.now()).run()\n`,
    test: inDelivery('claim'),
    by: 'stand in D1 before the first byte leaves',
  },
  {
    name: 'what an open breaker holds back loses an attempt',
    file: 'src/storage/delivery-claims.ts',
    find: "nextAttemptAt: until, reason: 'breaker'",
    replace: "nextAttemptAt: until, reason: 'breaker', attempts: sql`attempts + 1`",
    test: inDelivery('lanes'),
    by: 'while open burns no attempt',
  },
  {
    name: 'the trial of an open breaker burns an attempt',
    file: 'src/delivery/verdict.ts',
    find: 'const isFree = isTrial &&',
    replace: 'const isFree = false &&',
    test: inDelivery('verdict'),
    by: 'has lost none of its attempts',
  },
  {
    name: 'a delivery overtakes another in its line',
    file: 'src/storage/delivery-lines.ts',
    find: '(SELECT ordered FROM webhooks',
    replace: '(SELECT 0 AND ordered FROM webhooks',
    test: inDelivery('claim'),
    by: 'keeps its order, whoever rings for what',
  },
  {
    name: 'fanning out twice makes two deliveries',
    file: 'src/storage/deliveries.ts',
    find: 'WHERE there.event_id = ',
    replace: 'WHERE 0 AND there.event_id = ',
    test: inDelivery('fan-out'),
    by: 'repeated, even all at once',
  },
  {
    name: 'the queue is rung before the deliveries are there',
    file: 'src/delivery/fan-out.ts',
    find: `  const results = await runBatch(db, [...inserts, selectDueOfEvents(db, eventIds, now)])
  return results.at(-1) as Due[]\n`,
    replace: `  void runBatch(db, [...inserts, selectDueOfEvents(db, eventIds, now)])
  return rows\n`,
    test: inDelivery('fan-out'),
    by: 'repeated, even all at once',
  },
]

export const deliveryMutants: Mutant[] = [...sending, ...signing, ...queueing]
