/** The house's own rules, read from the sources: floors, file sizes, where platform modules stand. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesBelow(path)
    return /\.tsx?$/.test(name) ? [path] : []
  })

const sources = filesBelow(join(root, 'src'))

/** Which floor may stand on which. `types:` allows `import type` only. */
const floors: Record<string, string[]> = {
  engine: [],
  storage: ['types:engine'],
  document: ['engine', 'storage', 'http/ascii-json'],
  domain: ['engine', 'storage'],
  http: [],
  usage: ['storage'],
  delivery: ['storage'],
  hub: ['storage'],
  ledger: ['domain', 'document', 'delivery', 'hub', 'storage'],
  auth: ['http', 'domain', 'storage'],
  sdk: ['engine', 'document', 'storage', 'usage', 'hub', 'http'],
  ofrep: ['engine', 'document', 'storage', 'usage', 'hub', 'http'],
  admin: [
    'domain',
    'ledger/client',
    'ledger/proofs',
    'document/environment-document',
    'document/identity',
    'delivery',
    'usage',
    'storage',
    'auth',
    'http',
    'types:engine',
  ],
  tools: [
    'engine',
    'ledger/chain',
    'ledger/fold',
    'ledger/fold-compare',
    'ledger/fold-tables',
    'ledger/personal',
    'ledger/tree',
    'ledger/note',
    'ledger/bytes',
    'storage/records',
  ],
}

/** Files beside the rooms: what everybody may know, and the composition on top. */
const common = ['outcome', 'env', 'log', 'version']
const compositions: Record<string, string[]> = {
  'app.ts': ['sdk', 'ofrep', 'admin', 'http', 'system', 'description'],
  'description.ts': ['http'],
  'system.ts': ['http'],
  'index.ts': ['app', 'ledger', 'hub', 'delivery', 'usage', 'engine'],
  'env.ts': ['types:ledger'],
  'log.ts': [],
  'outcome.ts': [],
  'version.ts': [],
}

type Import = { target: string; typeOnly: boolean }

const importsOf = (path: string): Import[] =>
  [
    ...readFileSync(path, 'utf8').matchAll(
      /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gms,
    ),
  ]
    .concat([...readFileSync(path, 'utf8').matchAll(/^import\s+()'([^']+)'/gm)])
    .map((match) => ({
      target: match[2] ?? '',
      typeOnly: match[1] !== undefined && match[1] !== '',
    }))

/** `src/admin/x.ts` importing `../storage/y.ts` → `storage/y`. */
const inside = (path: string, target: string) =>
  relative(join(root, 'src'), resolve(dirname(path), target)).replace(/\.ts$/, '')

function allowed(path: string, { target, typeOnly }: Import): boolean {
  const here = relative(join(root, 'src'), path)
  const there = inside(path, target)
  const [room = ''] = here.split('/')
  if (there.split('/')[0] === room || common.includes(there)) return true
  const may = here.includes('/') ? floors[room] : compositions[here]
  return (may ?? []).some((rule) => {
    const [kind, name = kind] = rule.split(':')
    if (kind === 'types' && rule.includes(':') && !typeOnly) return false
    return there === name || there.startsWith(`${name}/`)
  })
}

describe('the floors', () => {
  it('know every room there is', () => {
    const rooms = new Set(sources.map((path) => relative(join(root, 'src'), path).split('/')))
    const names = [...rooms].filter((parts) => parts.length > 1).map((parts) => parts[0] ?? '')
    expect(names.filter((name) => floors[name] === undefined)).toEqual([])
  })

  it('hold: no file imports what its room may not know', () => {
    const broken = sources.flatMap((path) =>
      importsOf(path)
        .filter(({ target }) => target.startsWith('.'))
        .filter((found) => !allowed(path, found))
        .map(({ target }) => `${relative(root, path)} imports ${target}`),
    )
    expect(broken).toEqual([])
  })

  it('notice a broken rule', () => {
    const path = join(root, 'src/sdk/flags.ts')
    expect(allowed(path, { target: '../domain/write.ts', typeOnly: true })).toBe(false)
    expect(allowed(path, { target: '../document/read.ts', typeOnly: false })).toBe(true)
    const storage = join(root, 'src/storage/values.ts')
    expect(allowed(storage, { target: '../engine/compile.ts', typeOnly: false })).toBe(false)
  })

  it('keep the serving path from reaching administration, however indirectly', () => {
    const seen = new Set<string>()
    const walk = (path: string) => {
      if (seen.has(path)) return
      seen.add(path)
      for (const { target, typeOnly } of importsOf(path)) {
        if (target.startsWith('.') && !typeOnly) walk(resolve(dirname(path), target))
      }
    }
    for (const path of sources) if (/src\/(sdk|ofrep)\//.test(path)) walk(path)
    const reached = [...seen].map((path) => relative(join(root, 'src'), path).split('/')[0])
    expect(
      new Set(reached).intersection(new Set(['domain', 'ledger', 'admin', 'auth', 'delivery'])),
    ).toEqual(new Set())
  })

  it('let no npm package or platform module into the engine', () => {
    const foreign = sources
      .filter((path) => path.includes('/src/engine/'))
      .flatMap((path) => importsOf(path).map(({ target }) => target))
      .filter((target) => !target.startsWith('.'))
    expect(foreign).toEqual([])
  })

  it('allow cloudflare:workers only where a Durable Object stands, and in the entry', () => {
    const users = sources
      .filter((path) => importsOf(path).some(({ target }) => target === 'cloudflare:workers'))
      .map((path) => relative(root, path))
    expect(users).toEqual(['src/ledger/ledger.ts'])
  })
})

describe('files', () => {
  it('stay under 300 lines', () => {
    const long = [...sources, ...filesBelow(join(root, 'test'))]
      .map((path) => ({
        path: relative(root, path),
        lines: readFileSync(path, 'utf8').split('\n').length,
      }))
      .filter(({ lines }) => lines > 301)
    expect(long).toEqual([])
  })

  it('open with a sentence that says what they are for', () => {
    const silent = sources.filter((path) => !readFileSync(path, 'utf8').startsWith('/**'))
    expect(silent.map((path) => relative(root, path))).toEqual([])
  })

  it('of an admin resource have one basename on every floor', () => {
    const names = (room: string) =>
      new Set(
        sources
          .filter((path) => dirname(path).endsWith(`src/${room}`))
          .map((path) => path.split('/').at(-1)),
      )
    const writes = [...names('admin')].filter((name) => names('domain').has(name))
    expect(writes.filter((name) => !names('storage').has(name))).toEqual([])
  })
})
