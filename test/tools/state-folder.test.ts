import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  lastLines,
  openStateFolder,
  type StateFolder,
  turnLog,
} from '../../src/tools/state-folder.ts'

let parent: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'burgee-folder-'))
})

afterEach(() => rmSync(parent, { recursive: true }))

function opened(name = 'state'): StateFolder {
  const folder = openStateFolder(join(parent, name))
  if (folder === null) throw new Error('The folder was refused.')
  return folder
}

const modeOf = (path: string) => statSync(path).mode & 0o777

describe('the state folder', () => {
  test('is made for its owner alone, and so is the secret in it', () => {
    const folder = opened()
    expect(modeOf(folder.path)).toBe(0o700)
    expect(modeOf(folder.secretFile)).toBe(0o600)
  })

  test('holds a secret of 32 bytes that differs per folder and stays', () => {
    const secret = () => readFileSync(opened().secretFile, 'utf8')
    const first = secret()
    const bytes = atob(first.trim().replace('BURGEE_SECRET=', ''))
    expect(bytes).toHaveLength(32)
    expect(secret()).toBe(first)
    expect(readFileSync(opened('other').secretFile, 'utf8')).not.toBe(first)
  })

  test('refuses a folder with other files and leaves it alone', () => {
    writeFileSync(join(parent, 'notes.txt'), '')
    expect(openStateFolder(parent)).toBeNull()
    expect(readdirSync(parent)).toEqual(['notes.txt'])
  })

  test('says what is wrong with a path that cannot be a folder', () => {
    writeFileSync(join(parent, 'notes.txt'), '')
    expect(() => openStateFolder(join(parent, 'notes.txt'))).toThrow('is a file, not a folder')
    expect(() => openStateFolder(join(parent, 'notes.txt/below'))).toThrow()
  })

  test('takes an empty folder', () => {
    expect(openStateFolder(parent)?.path).toBe(parent)
  })

  test('keeps its facts in files that only the owner reads, without leaving drafts', () => {
    const folder = opened()
    const account = { email: 'a@b.c', password: 'p', organisation_api_key: null }
    folder.account.write(account)
    expect(folder.account.read()).toEqual(account)
    expect(modeOf(join(folder.path, 'account.json'))).toBe(0o600)
    expect(readdirSync(folder.path).sort()).toEqual(['account.json', 'server.env'])
  })

  test('says null for facts that are not there yet', () => {
    expect(opened().demo.read()).toBeNull()
  })

  test('sets a log aside once it is large, and only then', () => {
    const folder = opened()
    writeFileSync(folder.logFile, 'line\n')
    turnLog(folder)
    expect(existsSync(`${folder.logFile}.1`)).toBe(false)
    truncateSync(folder.logFile, 10_000_001)
    turnLog(folder)
    expect(existsSync(`${folder.logFile}.1`)).toBe(true)
    expect(existsSync(folder.logFile)).toBe(false)
  })

  test('shows the end of a log, or nothing where there is none', () => {
    const folder = opened()
    expect(lastLines(folder.logFile, 2)).toBe('')
    writeFileSync(folder.logFile, 'a\nb\nc\n')
    expect(lastLines(folder.logFile, 2)).toBe('b\nc')
  })
})
