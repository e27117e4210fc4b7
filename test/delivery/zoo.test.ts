/** What becomes of a delivery to each kind of receiver, over real sockets: contract audit-and-webhooks §6.5. */
import { beforeEach, expect, inject, it, vi } from 'vitest'
import type { Tools } from '../../src/delivery/attempt.ts'
import {
  addDelivery,
  consume,
  findDelivery,
  healthOf,
  listAttempts,
  quietEnv,
  second,
  t0,
} from './world.ts'

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

const tools: Omit<Tools, 'sign'> = {
  fetch: (input, init) => fetch(input, init),
  now: () => t0,
  random: () => 0.5,
  timeoutMs: 400,
}

const zoo = `http://127.0.0.1:${inject('zooPort')}`
const day = 86_400

type Row = [
  receiver: string,
  /** The state of the delivery, or the seconds until it is tried again. */
  becomes: 'delivered' | 'dead' | number,
  /** As the attempt log has it: status, class of error, text. */
  logged: [status: number | null, error: string | null, text?: string],
  /** What it does to the endpoint: nothing, a step towards the open breaker, or the end. */
  endpoint: 'well' | 'step' | 'gone',
]

const rows: Row[] = [
  ['200', 'delivered', [200, null, 'text'], 'well'],
  ['204', 'delivered', [204, null, ''], 'well'],
  ['299', 'delivered', [299, null], 'well'],
  ['301', 5, [301, 'redirect'], 'well'],
  ['302', 5, [302, 'redirect'], 'well'],
  ['400', 5, [400, 'status', 'text'], 'well'],
  ['401', 5, [401, 'status'], 'well'],
  ['404', 5, [404, 'status'], 'well'],
  ['409', 5, [409, 'status'], 'well'],
  ['410', 'dead', [410, 'gone'], 'gone'],
  ['429', 5, [429, 'status'], 'step'],
  ['429-seconds', 120, [429, 'status'], 'step'],
  ['429-date', 120, [429, 'status'], 'step'],
  ['429-garbage', 5, [429, 'status'], 'step'],
  ['429-ten-years', day, [429, 'status'], 'step'],
  ['500', 5, [500, 'status'], 'step'],
  ['502', 5, [502, 'status'], 'step'],
  ['503', 5, [503, 'status'], 'step'],
  ['504', 5, [504, 'status'], 'step'],
  ['never-answers', 5, [null, 'timeout', ''], 'step'],
  ['hangs', 5, [null, 'timeout'], 'step'],
  // The status line has said whether the event was taken: what drips after it changes nothing.
  ['drips', 'delivered', [200, null], 'well'],
  ['drips-500', 5, [500, 'status'], 'step'],
  ['in-time', 'delivered', [200, null], 'well'],
  ['too-late', 5, [null, 'timeout'], 'step'],
  ['gigabyte', 'delivered', [200, null, 'x'.repeat(4_096)], 'well'],
  ['bomb', 'delivered', [200, null, '\ufffd'.repeat(4_096)], 'well'],
  ['resets-mid-body', 'delivered', [200, null, 'begun'], 'well'],
  ['resets', 5, [null, 'connection'], 'step'],
  ['closes', 5, [null, 'connection'], 'step'],
  ['garbage', 5, [null, 'connection'], 'step'],
  ['http-1.0', 'delivered', [200, null, 'old'], 'well'],
  // Nobody asked for it, and the runtime takes it for the answer.
  ['continues', 5, [100, 'status'], 'well'],
  ['huge-headers', 5, [null, 'connection'], 'step'],
  ['disable', 'dead', [400, 'gone'], 'gone'],
  ['abort-message', 'dead', [422, 'aborted'], 'well'],
]

async function meet(url: string, [becomes, logged, endpoint]: [Row[1], Row[2], Row[3]]) {
  const { id, webhookId } = await addDelivery({ url, secret: 'canary-secret' })
  await consume(quietEnv().env, tools, [id])
  const isAgain = typeof becomes === 'number'
  expect(await findDelivery(id)).toMatchObject({
    state: isAgain ? 'waiting' : becomes,
    nextAttemptAt: isAgain ? t0 + becomes * second : null,
    attempts: 1,
    leasedUntil: 0,
  })
  const [attempt, ...more] = await listAttempts(id)
  const [responseStatus, error, responseBody] = logged
  expect(attempt).toMatchObject({
    outcome: becomes === 'delivered' ? 'delivered' : 'failed',
    responseStatus,
    error,
    ...(responseBody !== undefined && { responseBody }),
  })
  expect(more).toEqual([])
  expect(JSON.stringify(attempt)).not.toContain('canary-secret')
  expect(await healthOf(webhookId)).toMatchObject({
    consecutiveFailures: endpoint === 'step' ? 1 : 0,
    goneAt: endpoint === 'gone' ? t0 : null,
    failingSince: becomes === 'delivered' ? null : t0,
  })
}

it.each(rows)('%s', (receiver, ...expected) => meet(`${zoo}/${receiver}`, expected))

it('never accepts', () =>
  meet(`http://127.0.0.1:${inject('closedPort')}/`, [5, [null, 'connection'], 'step']))

it('bad TLS', () => meet(zoo.replace('http', 'https'), [5, [null, 'connection'], 'step']))
