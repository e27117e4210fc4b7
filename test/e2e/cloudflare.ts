/**
 * Stands in for Cloudflare's API, as far as a deployment asks it: remembers what an account holds
 * and in which order it came. Runs no Worker and checks no credentials.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Account = {
  /** What was done to the account, in order. */
  done: string[]
  databases: string[]
  queues: string[]
  namespaces: string[]
  /** Null until the Worker exists. */
  secrets: string[] | null
  uploads: string[]
  /** Calls that nothing here answers. */
  unknown: string[]
}

export const emptyAccount = (): Account => ({
  done: [],
  databases: [],
  queues: [],
  namespaces: [],
  secrets: null,
  uploads: [],
  unknown: [],
})

type Call = { account: Account; body: string; rest: string; query: URLSearchParams }
type Reply = { result: unknown } | { status: number; code: number; message: string }

const id = 'f0000000-0000-4000-8000-00000000000'
const missing = (code: number, message: string): Reply => ({ status: 404, code, message })
const nameIn = (body: string, field: string) =>
  String((JSON.parse(body) as Record<string, string>)[field])
const database = (name: string) => ({ uuid: `${id}1`, name, version: 'production', created_at: '' })
const queue = (name: string) => ({ queue_id: name, queue_name: name, consumers: [], producers: [] })

const namespace = (title: string) => ({ id: `${id}3`, title })
const bindings = () => [
  { type: 'd1', name: 'DB', id: `${id}1` },
  { type: 'kv_namespace', name: 'DOCUMENTS', namespace_id: `${id}3` },
  { type: 'queue', name: 'DELIVERIES', queue_name: 'burgee-deliveries' },
]

/** Answers every statement of a migration with an empty success. */
function runSql({ account, body }: Call): Reply {
  if (body.includes('CREATE TABLE') && !account.done.includes('migrate'))
    account.done.push('migrate')
  return { result: [{ results: [], success: true, meta: { duration: 1 } }] }
}

function createQueue({ account, body }: Call): Reply {
  const name = nameIn(body, 'queue_name')
  if (account.queues.includes(name)) {
    return { status: 409, code: 11009, message: `Queue name '${name}' is already taken.` }
  }
  account.queues.push(name)
  account.done.push(`create queue ${name}`)
  return { result: queue(name) }
}

function uploadWorker({ account, body }: Call): Reply {
  account.uploads.push(body)
  account.done.push('upload')
  account.secrets ??= []
  if (body.includes('"secret_text"')) account.secrets.push('BURGEE_SECRET')
  return { result: { id: 'burgee', etag: 'e', deployment_id: `${id}2`, startup_time_ms: 5 } }
}

const routes: Record<string, (call: Call) => Reply> = {
  'GET /d1/database': ({ account }) => ({ result: account.databases.map(database) }),
  'POST /d1/database': ({ account, body }) => {
    account.databases.push(nameIn(body, 'name'))
    account.done.push(`create database ${nameIn(body, 'name')}`)
    return { result: database(nameIn(body, 'name')) }
  },
  'GET /d1/database/:': ({ account, rest }) =>
    account.databases.includes(rest) || rest === `${id}1`
      ? { result: database('burgee') }
      : missing(7404, 'The database could not be found.'),
  'POST /d1/database/:/query': runSql,
  'POST /queues': createQueue,
  'GET /queues': ({ account, query }) => ({
    result: account.queues.filter((name) => query.getAll('name').includes(name)).map(queue),
  }),
  'POST /queues/:/consumers': () => ({ result: {} }),
  'GET /workers/subdomain': () => ({ result: { subdomain: 'example' } }),
  'GET /workers/services/:': ({ account }) =>
    account.secrets === null
      ? missing(10090, 'This service does not exist on your account.')
      : { result: { default_environment: { script: { last_deployed_from: 'wrangler' } } } },
  'GET /workers/scripts/:/settings': ({ account }) =>
    account.secrets === null
      ? missing(10007, 'This Worker does not exist on your account.')
      : { result: { bindings: bindings() } },
  // Wrangler asks for pages until one is empty.
  'GET /storage/kv/namespaces': ({ account, query }) => ({
    result: (query.get('page') ?? '1') === '1' ? account.namespaces.map(namespace) : [],
  }),
  'POST /storage/kv/namespaces': ({ account, body }) => {
    account.namespaces.push(nameIn(body, 'title'))
    account.done.push(`create namespace ${nameIn(body, 'title')}`)
    return { result: namespace(nameIn(body, 'title')) }
  },
  'GET /workers/scripts/:/deployments': () => ({ result: { deployments: [] } }),
  'GET /workers/scripts/:/subdomain': () => ({ result: { enabled: true, previews_enabled: true } }),
  'POST /workers/scripts/:/subdomain': () => ({
    result: { enabled: true, previews_enabled: true },
  }),
  'PUT /workers/scripts/:/schedules': ({ account }) => {
    account.done.push('set the schedule')
    return { result: { schedules: [] } }
  },
  'PUT /workers/scripts/:': uploadWorker,
  'GET /workers/scripts/:/secrets': ({ account }) =>
    account.secrets === null
      ? missing(10007, 'This Worker does not exist on your account.')
      : { result: account.secrets.map((name) => ({ name, type: 'secret_text' })) },
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

/** `/accounts/acc/queues/x/consumers` is route `/queues/:/consumers` about `x`. */
function routeOf(method: string, path: string): { route: string; rest: string } {
  let rest = ''
  const pattern = path
    .replace('/accounts/acc', '')
    .replace(/(database|scripts|services|queues)\/([^/]+)/, (_, kind: string, name: string) => {
      rest = name
      return `${kind}/:`
    })
  return { route: `${method} ${pattern}`, rest }
}

function envelope(reply: Reply): string {
  const common = { messages: [], result_info: { page: 1, per_page: 100, total_pages: 1 } }
  return JSON.stringify(
    'result' in reply
      ? { ...common, success: true, errors: [], result: reply.result }
      : { ...common, success: false, errors: [{ code: reply.code, message: reply.message }] },
  )
}

export async function startCloudflare(account: Account) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const { route, rest } = routeOf(request.method ?? '', url.pathname)
    const call = { account, rest, query: url.searchParams, body: await bodyOf(request) }
    const reply = routes[route]?.(call) ?? missing(10000, 'Nothing is here.')
    if (routes[route] === undefined) account.unknown.push(route)
    response.writeHead('result' in reply ? 200 : reply.status, {
      'content-type': 'application/json',
    })
    response.end(envelope(reply))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}
