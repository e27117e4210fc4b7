/**
 * The process that dies: it holds one runtime, started from the bundle as soon as it is told to. It waits before
 * that, because loading Miniflare takes as long as starting the runtime.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type V4ModuleDefinition,
  type V4WorkerOptions,
} from 'miniflare'

/** What `wrangler.toml` says of the Worker, without its code. */
export type Settings = Partial<V4WorkerOptions>

export type Order = {
  settings: Settings
  vars: Record<string, string>
  bundle: string
  data: string
  port: number
}

export type Reply = { failure: string | null }

const types: Record<string, V4ModuleDefinition['type']> = {
  '.js': 'ESModule',
  '.wasm': 'CompiledWasm',
}

/** The main module comes first. */
function modulesOf(folder: string): V4ModuleDefinition[] {
  const names = readdirSync(folder).toSorted(
    (a, b) => Number(b === 'entry.js') - Number(a === 'entry.js'),
  )
  return names.flatMap((name) => {
    const type = types[extname(name)]
    const path = join(folder, name)
    return type === undefined ? [] : [{ type, path, contents: readFileSync(path) }]
  })
}

async function serve({ settings, vars, bundle, data, port }: Order): Promise<void> {
  const { modulesRules: _, ...options } = settings as V4WorkerOptions & { modulesRules: unknown }
  const worker = {
    ...options,
    name: 'burgee',
    bindings: { ...options.bindings, ...vars },
    modulesRoot: bundle,
    modules: modulesOf(bundle),
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port,
      cf: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => process.stdout.write(`${message}\n`),
      unsafeTriggerHandlers: true,
      resourcePersistencePath: data,
      workers: [worker as V4WorkerOptions],
    }),
  )
  await miniflare.ready
}

const reply = (failure: string | null) => process.send?.({ failure } satisfies Reply)

process.once('message', (order: Order) => {
  serve(order).then(
    () => reply(null),
    (error: unknown) => reply(String(error)),
  )
})

/** Whoever started it is gone: its own group, the runtime included, goes too. */
process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
