import { describe, expect, test } from 'vitest'
import { curlLine, sdkSnippet, startBlock } from '../../src/tools/block.ts'
import type { Demo } from '../../src/tools/state-folder.ts'

const demo: Demo = {
  url: 'http://127.0.0.1:8787',
  email: 'admin@example.com',
  password: 'open sesame',
  token: 'a login token',
  organisation_id: 1,
  organisation_api_key: 'prefix.secret',
  project_id: 2,
  environments: [
    { name: 'Development', id: 3, client_key: 'dev-client', server_key: 'ser.dev' },
    { name: 'Production', id: 4, client_key: 'prod-client', server_key: 'ser.prod' },
  ],
}

const block = startBlock(demo, { demo: '/state/demo.json', log: '/state/server.log' })

describe('the block that npm start prints', () => {
  test.each([
    'http://127.0.0.1:8787',
    'admin@example.com',
    'open sesame',
    'prefix.secret',
    'dev-client',
    'ser.dev',
    'prod-client',
    'ser.prod',
    '/state/demo.json',
    '/state/server.log',
  ])('shows %s', (fact) => {
    expect(block).toContain(fact)
  })

  test('does not show the login token, which ends up in screenshots', () => {
    expect(block).not.toContain(demo.token)
  })

  test('has the curl line on one line of its own, without indentation', () => {
    expect(block.split('\n')).toContain(curlLine(demo))
  })

  test('has the snippet whole, without indentation', () => {
    expect(block).toContain(`\n${sdkSnippet(demo)}\n`)
  })

  test('fits on a screen', () => {
    expect(block.split('\n').length).toBeLessThan(40)
    for (const line of block.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })
})
