/**
 * The server side, a program of its own: one workerd that holds every Worker of a contest, each on a
 * socket of its own that leads straight to it, without Miniflare's entry Worker in between.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { Log, LogLevel, Miniflare, type MiniflareOptions } from 'miniflare'
import { answerParent } from './child.ts'

/** A WebAssembly module stands in base64, because questions travel as JSON. */
export type ModuleSpec = { type: 'esm' | 'text' | 'wasm'; contents: string }

/** A Worker by its modules, the first being the main one, and its bindings as Miniflare takes them. */
export type WorkerSpec = {
  name: string
  modules: Record<string, ModuleSpec>
  config?: Partial<MiniflareOptions['workers'][number]['config']>
}

export type ServerQuestion =
  | { kind: 'run'; workers: WorkerSpec[] }
  | { kind: 'put'; worker: string; namespace: string; entries: [key: string, value: string][] }
  | { kind: 'execute'; worker: string; database: string; statements: string[] }
  | { kind: 'cpu' }

export type ServerAnswer = { urls: Record<string, string> } | { cpuMs: number | null } | null

let miniflare: Miniflare | undefined

const toModule = ({ type, contents }: ModuleSpec) =>
  type === 'wasm' ? { type, contents: Buffer.from(contents, 'base64') } : { type, contents }

function optionsFor(specs: WorkerSpec[]): MiniflareOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    handleStructuredLogs: ({ level, message }) => {
      if (level === 'error') process.stderr.write(`${message}\n`)
    },
    workers: specs.map(({ name, modules, config }) => ({
      config: {
        name,
        type: 'worker',
        compatibilityDate: '2026-09-01',
        manifest: {
          mainModule: Object.keys(modules)[0] ?? '',
          modules: Object.fromEntries(
            Object.entries(modules).map(([path, module]) => [path, toModule(module)]),
          ),
        },
        ...config,
      },
      dev: {
        cacheAPI: false,
        unsafeRegisterWorker: false,
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      },
    })),
  }
}

async function run(specs: WorkerSpec[]): Promise<ServerAnswer> {
  if (miniflare === undefined) miniflare = new Miniflare(optionsFor(specs))
  else await miniflare.setOptions(optionsFor(specs))
  const urls: Record<string, string> = {}
  for (const { name } of specs) {
    const { origin } = await miniflare.unsafeGetDirectURL(name)
    urls[name] = origin
  }
  return { urls }
}

/** The runtime's processor time so far, of all its threads; null where the system does not tell. */
function cpuMs(): number | null {
  try {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    const runtime = `/proc/${children.trim().split(' ')[0]}/task`
    const nanoseconds = readdirSync(runtime).map((thread) =>
      Number(readFileSync(`${runtime}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
  } catch {
    return null
  }
}

async function answer(question: ServerQuestion): Promise<ServerAnswer> {
  switch (question.kind) {
    case 'run':
      return run(question.workers)
    case 'put': {
      const kv = await miniflare?.getKVNamespace(question.namespace, question.worker)
      for (const [key, value] of question.entries) await kv?.put(key, value)
      return null
    }
    case 'execute': {
      const d1 = await miniflare?.getD1Database(question.database, question.worker)
      await d1?.batch(question.statements.map((statement) => d1.prepare(statement)))
      return null
    }
    case 'cpu':
      return { cpuMs: cpuMs() }
  }
}

answerParent(answer, async () => miniflare?.dispose())
