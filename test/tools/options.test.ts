import { describe, expect, test } from 'vitest'
import { deployOptions, listenOptions, startOptions } from '../../src/tools/options.ts'

describe('the arguments of npm start', () => {
  test('default to port 8787 and the folder .burgee', () => {
    expect(startOptions([])).toEqual({ port: 8787, persistTo: '.burgee' })
  })

  test('are read in both spellings', () => {
    expect(startOptions(['--port', '9000', '--persist-to=/data'])).toEqual({
      port: 9000,
      persistTo: '/data',
    })
  })

  test.each(['0', '1', '65535'])('take port %s', (port) => {
    expect(startOptions(['--port', port])).toMatchObject({ port: Number(port) })
  })

  test.each(['65536', '-1', '80a', '8.5', '1e3', '', ' 80'])('refuse port %j', (port) => {
    expect(startOptions([`--port=${port}`])).toMatchObject({
      refused: expect.stringContaining('--port wants a number'),
      code: 2,
    })
  })

  test.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['9000'], "Unexpected argument '9000'"],
    [['--port'], 'argument missing'],
    [['--persist-to='], '--persist-to wants the path of a folder'],
  ])('refuse %j with a reason and the usage', (args, reason) => {
    const refused = startOptions(args)
    expect(refused).toMatchObject({ refused: expect.stringContaining(reason), code: 2 })
    expect(refused).toMatchObject({ refused: expect.stringContaining('Usage: npm start') })
  })

  test('answer a call for help with exit code 0', () => {
    expect(startOptions(['--help'])).toMatchObject({ code: 0 })
  })
})

describe('the arguments of npm run deploy', () => {
  test('deploy unless told otherwise', () => {
    expect(deployOptions([])).toEqual({ dryRun: false })
    expect(deployOptions(['--dry-run'])).toEqual({ dryRun: true })
  })

  test('refuse what they do not know, rather than deploy', () => {
    expect(deployOptions(['--dryrun'])).toMatchObject({ code: 2 })
  })
})

describe('the arguments of npm run webhook:listen', () => {
  test('listen on any port, answer 200 and check nothing unless told otherwise', () => {
    const keys = { secret: undefined, publicKey: undefined }
    expect(listenOptions([])).toEqual({ port: 0, ...keys, status: 200, showsBody: false })
  })

  test('are read together', () => {
    const keys = { secret: 'my shared secret', publicKey: `whpk_${'A'.repeat(43)}=` }
    const given = ['--secret', keys.secret, '--public-key', keys.publicKey]
    const args = ['--port=9000', ...given, '--status', '503', '--body']
    expect(listenOptions(args)).toEqual({ port: 9000, ...keys, status: 503, showsBody: true })
  })

  test.each([
    [['--port', '70000'], '--port wants a number'],
    [['--status', '99'], '--status wants a number'],
    [['--status', '100'], '--status wants a number'],
    [['--status', 'ok'], '--status wants a number'],
    [['--secret='], '--secret wants a text'],
    [['--public-key='], '--public-key wants whpk_'],
    [['--public-key', 'whsk_AAAA'], '--public-key wants whpk_'],
    [['--public-key', `whpk_${'A'.repeat(42)}==`], '--public-key wants whpk_'],
    [['--secrets', 'x'], "Unknown option '--secrets'"],
    [['http://127.0.0.1'], 'Unexpected argument'],
  ])('refuse %j with a reason and the usage', (args, reason) => {
    const refused = listenOptions(args)
    expect(refused).toMatchObject({ refused: expect.stringContaining(reason), code: 2 })
    expect(refused).toMatchObject({ refused: expect.stringContaining('npm run webhook:listen') })
  })
})
