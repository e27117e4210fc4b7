/**
 * `npm run webhook:listen`: a receiver on this machine that tells of each webhook what it says, whether
 * its signature fits, what came twice and what is missing. Keeps nothing when it ends.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ListenOptions, listenOptions } from './options.ts'
import { quitSignal } from './quit.ts'
import { checkSignatures } from './webhook-check.ts'
import { prettyOf, tellOf } from './webhook-event.ts'
import { createMemory, type Memory } from './webhook-memory.ts'

type Receiver = { options: ListenOptions; memory: Memory }

/** Whoever sends could otherwise move the cursor of whoever reads. */
const printable = (text: string) => text.replace(/(?!\n)\p{Cc}/gu, '\ufffd')

const timeOf = (date: Date) => date.toTimeString().slice(0, 8)

function numberOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** One line a request, whatever its texts hold. */
function lineOf(
  { headers, url = '/' }: IncomingMessage,
  body: Buffer,
  { options, memory }: Receiver,
): string {
  const now = new Date()
  const time = timeOf(now)
  const seconds = Math.floor(now.getTime() / 1_000)
  const { verdict, text } = checkSignatures(options, { headers, body, now: seconds })
  const told = tellOf(body.toString())
  const id = String(headers['webhook-id'] ?? '')
  const sequence = numberOf(headers['x-sequence'])
  const attempt = numberOf(headers['x-attempt'])
  const previous = numberOf(headers['x-previous-sequence'])
  // Endpoints that share this receiver are told apart by the paths of their URLs.
  const series = `${url} ${told.series}`
  const arrival = { id, series, sequence, previous, at: time }
  const notes = verdict === 'refused' ? [] : memory.note(arrival)
  const head = [
    time,
    id === '' ? 'no webhook-id' : id,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(sequence === undefined ? [] : [`sequence ${sequence}`]),
  ]
  const answered = options.status < 300 ? [] : [`answered ${options.status}`]
  const line = [head.join('  '), told.text, text, ...notes, ...answered].join(' | ')
  return printable(line.replaceAll('\n', ' '))
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  receiver: Receiver,
): Promise<void> {
  if (request.method !== 'POST') {
    response.writeHead(405, { Allow: 'POST' }).end('Webhooks come by POST.\n')
    return
  }
  try {
    const body = await bodyOf(request)
    response.writeHead(receiver.options.status).end()
    console.log(lineOf(request, body, receiver))
    if (receiver.options.showsBody) console.log(printable(prettyOf(body.toString())))
  } catch (error) {
    // Mostly a sender that went away half-way. One bad request is no reason to end.
    console.log(`${timeOf(new Date())}  a request could not be read: ${error}`)
  }
}

function welcome({ secret, publicKey, status }: ListenOptions, port: number): string {
  const isChecked = secret !== undefined || publicKey !== undefined
  const check = isChecked ? '' : ', checks no signature without --secret or --public-key'
  return `Listening on http://127.0.0.1:${port}/ : answers ${status}${check}. Ctrl-C ends it.`
}

/** The exit code, once it has ended. */
function listen(options: ListenOptions, quit: AbortSignal): Promise<number> {
  const receiver = { options, memory: createMemory() }
  const server = createServer((request, response) => receive(request, response, receiver))
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      console.error(isTaken ? `Port ${options.port} is taken by another program.` : error.message)
      resolve(1)
    })
    server.listen(options.port, '127.0.0.1', () => {
      console.log(welcome(options, (server.address() as AddressInfo).port))
    })
    quit.addEventListener('abort', () => resolve(0))
  })
}

async function main(args: string[]): Promise<number> {
  const options = listenOptions(args)
  if ('refused' in options) {
    console[options.code === 0 ? 'log' : 'error'](options.refused)
    return options.code
  }
  return listen(options, quitSignal())
}

process.exit(await main(process.argv.slice(2)))
