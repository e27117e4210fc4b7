/** `npm run verify-log` on files: its command line, its answers and exit codes; and the notes it reads. */
import { spawnSync } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  parseCheckpoint,
  parseVerifierKey,
  verifierKey,
  verifyNote,
} from '../../src/ledger/note.ts'
import { readOptions, verifyFile } from '../../src/tools/verify-log.ts'
import { grown, type Line, lastLine, noteOver, origin, read, signer, thief } from './audit-log.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'burgee-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

const log = grown([], 20)
const files = { good: '', bad: '', checkpoint: '', broken: '' }

const write = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const text = (lines: Line[], last: string) =>
  `${[...lines.map((line) => JSON.stringify(line)), last].join('\n')}\n`

beforeAll(async () => {
  const last = lastLine(await noteOver(log))
  files.good = write('good.ndjson', text(log, last))
  files.bad = write('bad.ndjson', text(log.toSpliced(6, 1), last))
  files.broken = write('broken.ndjson', text(log, last).slice(0, -100))
  files.checkpoint = write('checkpoint', await noteOver(log.slice(0, 10)))
})

const tool = join(import.meta.dirname, '../../src/tools/verify-log.ts')
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('the command', () => {
  it('ends with 0 and tells the rate and what was checked', () => {
    const key = verifierKey(signer)
    const { status, stdout } = run(files.good, '--checkpoint', files.checkpoint, '--key', key)
    expect(stdout).toMatch(/^GOOD: 20 entries \(\d+ entries\/s\)\n/)
    expect(stdout).toContain(`${files.checkpoint}: 10 entries, root and signature are good\n`)
    expect(stdout).toContain(
      'the checkpoint of the export: 20 entries, root and signature are good',
    )
    expect(stdout).toContain(`key: ${key}`)
    expect(status).toBe(0)
  })

  it('says whose word the key is when it was not named', () => {
    const { status, stdout } = run(files.good)
    expect(stdout).toContain('as the export says')
    expect(status).toBe(0)
  })

  it('ends with 1 and names the first bad entry', () => {
    const { status, stdout } = run(files.bad)
    expect(stdout).toBe(
      'BAD at entry 7 (deletion): entry 7 is missing\n6 entries before it follow each other.\n',
    )
    expect(status).toBe(1)
    expect(run(files.broken).stdout).toContain('(truncation)')
    expect(run(files.good, '--key', verifierKey(thief)).stdout).toContain('(signature)')
  })

  it('ends with 2 on a mistake, and with 0 on help', () => {
    for (const args of [
      [],
      [files.good, files.bad],
      [files.good, '--key', 'nonsense'],
      [files.good, '--checkpoint', files.good],
      [files.good, '--checkpoint', '/nowhere'],
      [files.good, '--unknown'],
      ['/nowhere'],
    ]) {
      const { status, stderr } = run(...args)
      expect([args, status, stderr === '']).toEqual([args, 2, false])
    }
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('a file', () => {
  it('is read whole, however its lines fall into the pieces that are read', async () => {
    const long = grown([], 3_000, { log: 'ü€😀'.repeat(100) })
    const path = write('long.ndjson', text(long, lastLine(await noteOver(long))))
    const options = readOptions([path])
    if (options === 'help' || 'mistake' in options) throw new Error('refused')
    expect(await verifyFile(options)).toMatchObject({ kind: 'good', entries: 3_000 })
  })

  it('needs no line feed at its end', async () => {
    const path = write('bare.ndjson', text(log, lastLine(await noteOver(log))).trimEnd())
    const options = readOptions([path])
    if (options === 'help' || 'mistake' in options) throw new Error('refused')
    expect(await verifyFile(options)).toMatchObject({ kind: 'good' })
  })

  it('that is empty is an export that broke off', async () => {
    const path = write('empty.ndjson', '')
    const options = readOptions([path])
    if (options === 'help' || 'mistake' in options) throw new Error('refused')
    expect(await verifyFile(options)).toMatchObject({ problem: { at: 1, kind: 'truncation' } })
  })
})

describe('a signed note', () => {
  it('is C2SP’s: origin, size, root, and a signature that another Ed25519 finds good', async () => {
    const note = await noteOver(log)
    const [first, size, root, blank, signature = '', end] = note.split('\n')
    expect([first, size, blank, end]).toEqual([origin, '20', '', ''])
    expect(Buffer.from(root ?? '', 'base64')).toHaveLength(32)
    const [dash, name, encoded = ''] = signature.split(' ')
    expect([dash, name]).toEqual(['—', origin])
    const bytes = Buffer.from(encoded, 'base64')
    const [, hash, typed = ''] = verifierKey(signer).split('+')
    expect(bytes.subarray(0, 4).toString('hex')).toBe(hash)
    const x = Buffer.from(verifierKey(signer).slice(`${origin}+${hash}+`.length), 'base64')
    expect([x[0], typed !== '']).toEqual([1, true])
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: x.subarray(1).toString('base64url') },
      format: 'jwk',
    })
    const message = Buffer.from(note.slice(0, note.indexOf('\n\n') + 1))
    expect(verify(null, message, key, bytes.subarray(4))).toBe(true)
  })

  it('of somebody else’s making is read: the examples of C2SP and of Go', async () => {
    const c2sp = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
    expect(parseVerifierKey(c2sp)?.name).toBe('example.com/foo')
    const go = parseVerifierKey(
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    )
    if (go === undefined) throw new Error('no key')
    const signature = Buffer.from(
      'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
      'base64',
    )
    const note = {
      text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
      checkpoint: { origin: '', size: 0, root: new Uint8Array(32) },
      signatures: [
        {
          name: 'PeterNeumann',
          keyHash: signature.subarray(0, 4).toString('hex'),
          bytes: signature.subarray(4),
        },
      ],
    }
    expect(await verifyNote(note, [go])).toBe('good')
    expect(await verifyNote({ ...note, text: `${note.text}!` }, [go])).toBe('forged')
  })

  it('may carry extension lines and the signatures of others', async () => {
    const note = await noteOver(log)
    const witnessed = `${note}— witness.example/w AAAAAAAAAAAAAAAA\n`
    expect(
      await verifyNote(
        read(witnessed),
        [parseVerifierKey(verifierKey(signer))].flatMap((v) => v ?? []),
      ),
    ).toBe('good')
    expect(parseCheckpoint(note.replace('\n\n', '\nextension\n\n'))?.checkpoint.size).toBe(20)
  })

  it.each([
    '',
    'origin\n1\n',
    'origin\n1\nnot base64\n\n— a b\n',
    `origin\n01\n${'A'.repeat(43)}=\n\n— a AAAAAAAA\n`,
    `origin\n-1\n${'A'.repeat(43)}=\n\n— a AAAAAAAA\n`,
    `\n1\n${'A'.repeat(43)}=\n\n— a AAAAAAAA\n`,
    `origin\n1\n${'A'.repeat(42)}B=\n\n— a AAAAAAAA\n`,
    `origin\n1\n${'A'.repeat(43)}=\n\n— a AAAAAAAA`,
    `origin\n1\n${'A'.repeat(43)}=\n\nunsigned\n`,
  ])('is refused when it is none: %j', (note) => {
    expect(parseCheckpoint(note)).toBeUndefined()
  })

  it.each([
    '',
    'a',
    'a+b+c',
    'example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/fob+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  ])('is not verified with what is no key: %j', (key) => {
    expect(parseVerifierKey(key)).toBeUndefined()
  })
})
