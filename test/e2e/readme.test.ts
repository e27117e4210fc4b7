/** The README's snippets, run as they stand with the demo's address and keys put in. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root, startServer, type TestServer } from '../support/server.ts'
import { environmentOf } from './demo.ts'

const run = promisify(execFile)

const section = readFileSync(join(root, 'README.md'), 'utf8')
  .split('## Point your SDK here')[1]
  ?.split('\n## ')[0]

const snippets = [...(section ?? '').matchAll(/```(js|sh)\n([\s\S]*?)```/g)].map((match) => ({
  language: match[1],
  code: match[2] ?? '',
}))

const browserBuild = "'@flagsmith/flagsmith'"
const anyBuild = "'@flagsmith/flagsmith/isomorphic'"

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

function filledIn(code: string): string {
  const { client_key, server_key } = environmentOf(server, 'Development')
  return code
    .replaceAll('http://127.0.0.1:8787', server.url)
    .replaceAll('ser.…', server_key)
    .replaceAll('…', client_key)
}

/** The browser's snippet runs on the package's build for any platform; a page is tried elsewhere. */
const nodeSnippet = (code: string) =>
  run(
    process.execPath,
    ['--input-type=module', '-e', filledIn(code).replace(browserBuild, anyBuild)],
    {
      cwd: root,
    },
  )

test('the README has snippets for a server, a browser, OpenFeature and a shell', () => {
  expect(snippets.map((snippet) => snippet.language)).toEqual(['js', 'js', 'js', 'sh'])
})

test.each([
  [0, 'true'],
  [1, 'Hello from Development'],
  [2, 'Hello from Development'],
])('snippet %i works when pasted', async (index, expected) => {
  const { stdout } = await nodeSnippet(snippets[index]?.code ?? '')
  expect(stdout.trim().split('\n').at(-1)).toBe(expected)
})

test('the shell line works when pasted', async () => {
  const { stdout } = await run('sh', ['-c', filledIn(snippets[3]?.code ?? '')])
  const flags = JSON.parse(stdout) as { feature: { name: string } }[]
  expect(flags.map((flag) => flag.feature.name)).toContain('welcome_text')
})
