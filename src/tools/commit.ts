/** Which commit this checkout is at. Never fails: a copy without its history is "unknown". */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from './wrangler.ts'

export async function commitOf(): Promise<string> {
  try {
    return (await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: root })).stdout.trim()
  } catch {
    return 'unknown'
  }
}
