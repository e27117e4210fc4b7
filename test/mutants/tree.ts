/**
 * A throw-away copy of the checkout as it stands, changes that are not committed included. Packages are
 * those of the checkout, by links; whatever a run writes goes into the copy.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** What git knows or would take: no packages, no state of a local server. */
const listFiles = (): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))

export function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'burgee-mutants-'))
  for (const file of listFiles()) cpSync(join(root, file), join(copy, file))
  mkdirSync(join(copy, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.vite')) continue
    symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name))
  }
  return copy
}

/** Links are removed, never what they lead to. */
export const removeTree = (copy: string): void =>
  rmSync(copy, { recursive: true, force: true, maxRetries: 5 })
