/**
 * The Workers of an HTTP contest: Burgee, bundled as a deployment bundles it, and the opponent that
 * answers the same bytes with as little work as a Worker can.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import { localEnv, runWrangler } from '../../src/tools/wrangler.ts'
import type { ModuleSpec, WorkerSpec } from './server.ts'

const secret = 'YmVuY2htYXJrIHNlY3JldCBvZiAzMiBieXRlcyAhISE='

const bundles = new Map<string, Promise<Record<string, ModuleSpec>>>()

function bundle(entry: string): Promise<Record<string, ModuleSpec>> {
  const bundled = bundles.get(entry) ?? bundleAnew(entry)
  bundles.set(entry, bundled)
  return bundled
}

/** The main module first, then the WebAssembly that wrangler lays beside it. */
async function bundleAnew(entry: string): Promise<Record<string, ModuleSpec>> {
  const folder = await mkdtemp(join(tmpdir(), 'burgee-bench-'))
  try {
    const finished = await runWrangler(['deploy', entry, '--dry-run', '--outdir', folder], {
      env: { ...localEnv(folder), BURGEE_SECRET: secret },
      show: false,
    })
    if (finished.code !== 0) throw new Error(`the bundle failed:\n${finished.stderr}`)
    const contents = await readFile(join(folder, `${parse(entry).name}.js`), 'utf8')
    const modules: Record<string, ModuleSpec> = { 'index.js': { type: 'esm', contents } }
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.wasm')) continue
      modules[name] = { type: 'wasm', contents: await readFile(join(folder, name), 'base64') }
    }
    return modules
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * The production bundle with every binding of wrangler.toml, simulated. Its queue is read only where it
 * `delivers`, which it then does to this machine too.
 */
export async function burgeeWorker({ delivers = false } = {}): Promise<WorkerSpec> {
  const name = 'burgee'
  return {
    name,
    modules: await bundle('src/index.ts'),
    config: {
      compatibilityFlags: ['global_fetch_strictly_public', 'queue_consumer_no_wait_for_wait_until'],
      env: {
        DB: { type: 'd1', id: 'database' },
        DOCUMENTS: { type: 'kv', id: 'documents' },
        LEDGER: { type: 'durable-object', worker: name, exportName: 'Ledger' },
        DELIVERIES: { type: 'queue', name: 'deliveries' },
        LOGIN_LIMIT: { type: 'rate-limit', namespace: '1', simple: { limit: 20, period: 60 } },
        INVITE_LIMIT: { type: 'rate-limit', namespace: '2', simple: { limit: 10, period: 60 } },
        BURGEE_SECRET: { type: 'text', value: secret },
        ALLOW_PRIVATE_WEBHOOKS: { type: 'text', value: String(delivers) },
        AUDIT_RETENTION_FLOOR_DAYS: { type: 'text', value: '90' },
        COMMIT: { type: 'text', value: 'unknown' },
      },
      exports: { Ledger: { type: 'durable-object', storage: 'sqlite' } },
      triggers: delivers
        ? [
            {
              type: 'queue',
              name: 'deliveries',
              maxBatchSize: 6,
              maxBatchTimeout: 0,
              maxRetries: 10,
            },
          ]
        : [],
    },
  }
}

/** Commits changes of Burgee's database by itself: commit-worker.ts. */
export const commitWorker = async (): Promise<WorkerSpec> => ({
  name: 'commit',
  modules: await bundle('test/bench/commit-worker.ts'),
  config: { env: { DB: { type: 'd1', id: 'database' } } },
})

/** What the opponent does with a request before it answers. */
export type Effort = 'nothing' | 'parses the body'

const handlers: Record<Effort, string> = {
  nothing: 'fetch: () => new Response(body, init)',
  'parses the body':
    'async fetch(request) { await request.json(); return new Response(body, init) }',
}

/** Bytes and a ready `Headers` are the cheapest response there is; text or plain objects cost more. */
export const constantWorker = (
  name: string,
  effort: Effort,
  answer: { body: string; headers: [string, string][] },
): WorkerSpec => ({
  name,
  modules: {
    'index.js': {
      type: 'esm',
      contents: `
import text from './body.txt'
const body = new TextEncoder().encode(text)
const init = { headers: new Headers(${JSON.stringify(answer.headers)}) }
export default { ${handlers[effort]} }
`,
    },
    'body.txt': { type: 'text', contents: answer.body },
  },
})
