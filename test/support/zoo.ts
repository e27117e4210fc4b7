/**
 * Receivers as they come, on real sockets: the path of the request says how one behaves. Everything is
 * written byte by byte, because no well-behaved server would let itself be told to do this.
 */
import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { TestProject } from 'vitest/node'

const answer = (status: string, headers: string[] = [], body = 'text') =>
  [
    `HTTP/1.1 ${status}`,
    ...headers,
    'connection: close',
    `content-length: ${body.length}`,
    '',
    body,
  ].join('\r\n')

const later = (ms: number, act: () => void) => setTimeout(act, ms).unref()

/** Goes on until the other side has had enough. */
function pour(socket: Socket, chunk: Buffer | string): void {
  while (socket.writable && socket.write(chunk));
  if (socket.writable) socket.once('drain', () => pour(socket, chunk))
}

function drip(socket: Socket): void {
  if (!socket.writable) return
  socket.write('1\r\nx\r\n')
  later(25, () => drip(socket))
}

const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))

const animals: Record<string, (socket: Socket) => void> = {
  'never-answers': () => undefined,
  hangs: (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le'),
  drips: (socket) => {
    socket.write(chunked)
    drip(socket)
  },
  'drips-500': (socket) => {
    socket.write(chunked.replace('200 OK', '500 Oops'))
    drip(socket)
  },
  'in-time': (socket) => later(150, () => socket.end(answer('200 OK'))),
  'too-late': (socket) => later(700, () => socket.end(answer('200 OK'))),
  gigabyte: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n')
    pour(socket, Buffer.alloc(65_536, 'x'))
  },
  bomb: (socket) => {
    const headers = `content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n`
    socket.write(`HTTP/1.1 200 OK\r\n${headers}\r\n`)
    socket.end(bomb)
  },
  'resets-mid-body': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun')
    later(40, () => socket.resetAndDestroy())
  },
  resets: (socket) => socket.resetAndDestroy(),
  closes: (socket) => socket.end(),
  garbage: (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'http-1.0': (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nold'),
  continues: (socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    later(20, () => socket.end(answer('200 OK')))
  },
  'huge-headers': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    pour(socket, `x-${'y'.repeat(1_000)}: ${'z'.repeat(8_000)}\r\n`)
  },
}

const httpDate = 'Fri, 20 Nov 2026 12:02:00 GMT'
const tenYears = String(10 * 365 * 24 * 3_600)

const plain: Record<string, string> = {
  '204': answer('204 No Content', [], ''),
  '301': answer('301 Moved', ['location: http://169.254.169.254/latest/meta-data/']),
  '302': answer('302 Found', ['location: /302']),
  '429-seconds': answer('429 Slow', ['retry-after: 120']),
  '429-date': answer('429 Slow', [`retry-after: ${httpDate}`]),
  '429-garbage': answer('429 Slow', ['retry-after: whenever you like']),
  '429-ten-years': answer('429 Slow', [`retry-after: ${tenYears}`]),
  disable: answer('400 No', ['webhook-delivery: disable']),
  'abort-message': answer('422 No', ['webhook-delivery: abort-message']),
}

function receive(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.once('data', (data) => {
    const animal = /^POST \/(\S+)/.exec(data.toString())?.[1] ?? 'garbage'
    const act = animals[animal]
    if (act !== undefined) return act(socket)
    socket.end(plain[animal] ?? answer(`${animal} As told`))
  })
}

const listen = async (handler: (socket: Socket) => void) => {
  const server = createServer(handler)
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket.once('close', () => open.delete(socket))))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const close = async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: typeof address === 'object' && address ? address.port : 0, close }
}

export default async function setup(project: TestProject) {
  const zoo = await listen(receive)
  const closed = await listen(() => undefined)
  await closed.close()
  project.provide('zooPort', zoo.port)
  project.provide('closedPort', closed.port)
  return zoo.close
}
