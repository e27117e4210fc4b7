/**
 * Every test file of the workerd layer begins in the real runtime, on a freshly migrated database and
 * with modules that remember nothing. Where one runtime serves many files, because starting one takes
 * longer than most of them, whatever the file before left behind goes first.
 */
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, vi } from 'vitest'

type Fetch = { cached?: boolean }
type Invoke = (method: string, data: [unknown, unknown, Fetch?]) => Promise<unknown>
type Runtime = {
  __vitest_mocker__: { moduleRunner: { transport: { invoke: Invoke } } }
  askedOnce?: Invoke
  files?: number
}

/** More than any file takes. */
const idsPerFile = 10_000

if (navigator.userAgent !== 'Cloudflare-Workers') {
  throw new Error('this layer must run inside workerd, not in Node')
}

/** A module that is here is taken from here: vitest says so as well, but a Durable Object later. */
const askOnce =
  (ask: Invoke): Invoke =>
  async (method, data) =>
    method === 'fetchModule' && data[2]?.cached === true ? { cache: true } : ask(method, data)

const runtime = globalThis as unknown as Runtime
const { transport } = runtime.__vitest_mocker__.moduleRunner

/** `reset` passes over what nobody has used for ten seconds: all of it has to be awake. */
async function wake(): Promise<void> {
  const limits = [env.LOGIN_LIMIT, env.INVITE_LIMIT, env.TEST_LIMIT]
  const answers = limits.map((limit) => limit.limit({ key: 'awake' }))
  await Promise.all([env.DB.prepare('SELECT 1').run(), env.DOCUMENTS.list(), ...answers])
}

/** A file that began on the rows of another would show nothing, and nobody would see it. */
async function expectEmpty(): Promise<void> {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all()
  const { keys } = await env.DOCUMENTS.list()
  const left = tables.results.length + keys.length
  if (left > 0) throw new Error(`${left} tables and keys are left of the file before`)
}

if (runtime.askedOnce === undefined) {
  runtime.askedOnce = askOnce(transport.invoke)
} else {
  await wake()
  await reset()
  await expectEmpty()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.resetModules()
}
const ordinal = (runtime.files ?? 0) + 1
runtime.files = ordinal
// The plugin wraps it anew for each file: the hundredth would ask through a hundred Durable Objects.
transport.invoke = runtime.askedOnce

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.MIGRATIONS)
  // Each file has ledgers and documents of its own: what is still under way finds none of this one.
  await env.DB.prepare("INSERT INTO ids VALUES ('organisation', ?1), ('environment', ?1)")
    .bind(ordinal * idsPerFile)
    .run()
})
