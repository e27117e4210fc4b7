/**
 * The server side, a program of its own: one workerd that holds every Worker of a contest, each on a
 * socket of its own that leads straight to it, without Miniflare's entry Worker in between.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
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

/** A statement as it is, or with values for its parameters. */
export type Sql = string | { sql: string; params: unknown[] }

/** Megabytes that the runtime has in memory: now, and at most since it was last asked. */
export type Memory = { now: number; peak: number }

export type ServerQuestion =
  /** `persist`: the folder that the runtime keeps its data in. `heapMb`: what an isolate dies of. */
  | { kind: 'run'; workers: WorkerSpec[]; persist?: string; heapMb?: number }
  | { kind: 'put'; worker: string; namespace: string; entries: [key: string, value: string][] }
  | { kind: 'execute'; worker: string; database: string; statements: Sql[] }
  | { kind: 'cpu' }
  | { kind: 'memory' }

export type ServerAnswer =
  | { urls: Record<string, string> }
  | { cpuMs: number | null }
  | { memory: Memory | null }
  | null

type Run = Extract<ServerQuestion, { kind: 'run' }>

let miniflare: Miniflare | undefined

const toModule = ({ type, contents }: ModuleSpec) =>
  type === 'wasm' ? { type, contents: Buffer.from(contents, 'base64') } : { type, contents }

function optionsFor(specs: WorkerSpec[], persist: string | undefined): MiniflareOptions {
  return {
    ...(persist !== undefined && { resourcePersistencePath: persist }),
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

async function run({ workers, persist, heapMb }: Run): Promise<ServerAnswer> {
  const options = optionsFor(workers, persist)
  if (heapMb) process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-old-space-size=${heapMb}`
  if (miniflare === undefined) miniflare = new Miniflare(options)
  else await miniflare.setOptions(options)
  const urls: Record<string, string> = {}
  for (const { name } of workers) {
    const { origin } = await miniflare.unsafeGetDirectURL(name)
    urls[name] = origin
  }
  return { urls }
}

/** What the system tells of the runtime. */
function runtimeFolder(): string {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  return `/proc/${children.trim().split(' ')[0]}`
}

/** The runtime's processor time so far, of all its threads; null where the system does not tell. */
function cpuMs(): number | null {
  try {
    const threads = `${runtimeFolder()}/task`
    const nanoseconds = readdirSync(threads).map((thread) =>
      Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
  } catch {
    return null
  }
}

/** Begins a new peak; null where the system does not tell. */
function memory(): Memory | null {
  try {
    const status = readFileSync(`${runtimeFolder()}/status`, 'utf8')
    const megabytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
    const answer = { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
    writeFileSync(`${runtimeFolder()}/clear_refs`, '5')
    return answer
  } catch {
    return null
  }
}

async function answer(question: ServerQuestion): Promise<ServerAnswer> {
  switch (question.kind) {
    case 'run':
      return run(question)
    case 'put': {
      const kv = await miniflare?.getKVNamespace(question.namespace, question.worker)
      for (const [key, value] of question.entries) await kv?.put(key, value)
      return null
    }
    case 'execute': {
      const d1 = await miniflare?.getD1Database(question.database, question.worker)
      if (d1 === undefined) return null
      const prepared = question.statements.map((one) =>
        typeof one === 'string' ? d1.prepare(one) : d1.prepare(one.sql).bind(...one.params),
      )
      await d1.batch(prepared)
      return null
    }
    case 'cpu':
      return { cpuMs: cpuMs() }
    case 'memory':
      return { memory: memory() }
  }
}

answerParent(answer, async () => miniflare?.dispose())
