/**
 * The load generator, a program of its own on a core of its own. It speaks just enough HTTP/1.1 to
 * cost a third of the cheapest Worker, so that the server is what saturates, and it refuses any
 * answer but the expected one.
 */
import { connect } from 'node:net'
import { answerParent } from './child.ts'
import { quantile } from './statistics.ts'

/** Requests as the bytes that go out, in turn, and how long the body of each answer is. */
export type Target = { host: string; port: number; requests: string[]; bodyBytes: number }

export type LoadQuestion = { target: Target; connections: number; ms: number } & (
  | { kind: 'closed' }
  | { kind: 'open'; rate: number }
)

/** Latencies in milliseconds; of the open kind they count from when a request was due. */
export type LoadAnswer = { perSecond: number; requests: number; p50: number; p99: number }

type Connection = { send: () => void; close: () => void; since: number }
type Listener = { answered: (connection: Connection) => void; failed: (error: Error) => void }

const headEnd = '\r\n\r\n'

/** The end of a streamed body; JSON has no such line in it. */
const lastChunk = '\r\n0\r\n\r\n'

const isStreamed = (head: string) => /\r\ntransfer-encoding: chunked/i.test(head)

/** How many bytes of body the head announces; anything but a 200 of the expected length is an error. */
function bodyAfter(head: string, expected: number): number {
  if (head.startsWith('HTTP/1.1 200 ') && isStreamed(head)) return Number.POSITIVE_INFINITY
  const announced = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || Number(announced) !== expected) {
    throw new Error(`expected a 200 of ${expected} bytes, got ${head.slice(0, 500)}`)
  }
  return expected
}

function open(target: Target, { answered, failed }: Listener): Promise<Connection> {
  const requests = target.requests.map((request) => Buffer.from(request))
  let turn = 0
  /** Bytes that are still to come; below zero before the head is here. */
  let left = -1
  /** The last bytes of a streamed body so far: its end may come in pieces. */
  let tail = ''
  const read = (size: number, buffer: Uint8Array) => {
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, size)
    if (left < 0) {
      const end = chunk.indexOf(headEnd)
      if (end < 0) throw new Error('the head of an answer came in pieces')
      left = end + headEnd.length + bodyAfter(chunk.latin1Slice(0, end), target.bodyBytes)
    }
    left -= size
    if (left === Number.POSITIVE_INFINITY) {
      tail = (tail + chunk.subarray(-lastChunk.length).latin1Slice()).slice(-lastChunk.length)
      if (tail !== lastChunk) return
      left = 0
    }
    if (left < 0) throw new Error('more bytes than the answer has')
    if (left > 0) return
    left = -1
    answered(connection)
  }
  const guarded = (size: number, buffer: Uint8Array) => {
    try {
      read(size, buffer)
    } catch (error) {
      failed(error as Error)
    }
    return true
  }
  const socket = connect({
    host: target.host,
    port: target.port,
    noDelay: true,
    onread: { buffer: Buffer.allocUnsafe(65_536), callback: guarded },
  })
  const send = () => socket.write(requests[turn++ % requests.length] ?? '')
  const connection = { send, close: () => socket.destroy(), since: 0 }
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(connection))
    socket.once('error', failed)
    socket.once('end', () => failed(new Error('the server closed a connection')))
  })
}

type Slice = { connections: Connection[]; latencies: number[]; end: () => void }

/** Opens the connections, lets `drive` use them until it calls `end`, and closes them whatever comes. */
async function slice(
  question: LoadQuestion,
  drive: (slice: Slice) => (connection: Connection) => void,
): Promise<LoadAnswer> {
  const latencies: number[] = []
  let answered: (connection: Connection) => void = () => undefined
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const listener = { answered: (connection: Connection) => answered(connection), failed: reject }
  const connections = await Promise.all(
    Array.from({ length: question.connections }, () => open(question.target, listener)),
  )
  try {
    const started = performance.now()
    answered = drive({ connections, latencies, end: resolve })
    await promise
    const seconds = (performance.now() - started) / 1_000
    return {
      perSecond: latencies.length / seconds,
      requests: latencies.length,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
    }
  } finally {
    for (const connection of connections) connection.close()
  }
}

/** Every connection asks again as soon as it is answered. */
const closedLoop = (question: LoadQuestion) =>
  slice(question, ({ connections, latencies, end }) => {
    const until = performance.now() + question.ms
    let busy = connections.length
    const send = (connection: Connection, now: number) => {
      connection.since = now
      connection.send()
    }
    for (const connection of connections) send(connection, performance.now())
    return (connection) => {
      const now = performance.now()
      latencies.push(now - connection.since)
      if (now < until) send(connection, now)
      else if (--busy === 0) end()
    }
  })

/**
 * Requests are due at a fixed rate whatever the server does, and wait for a connection if none is
 * free; the wait counts (no coordinated omission). It spins, because timers are a millisecond coarse.
 */
const openLoop = (question: LoadQuestion & { kind: 'open' }) =>
  slice(question, ({ connections, latencies, end }) => {
    const total = Math.max(1, Math.floor((question.rate * question.ms) / 1_000))
    const interval = 1_000 / question.rate
    const idle = [...connections]
    const started = performance.now()
    let sent = 0
    const pump = () => {
      while (sent < total && started + sent * interval <= performance.now()) {
        const connection = idle.pop()
        if (connection === undefined) break
        connection.since = started + sent * interval
        sent += 1
        connection.send()
      }
      if (sent < total) setImmediate(pump)
    }
    pump()
    return (connection) => {
      latencies.push(performance.now() - connection.since)
      idle.push(connection)
      if (latencies.length === total) end()
    }
  })

answerParent((question: LoadQuestion) =>
  question.kind === 'closed' ? closedLoop(question) : openLoop(question),
)
