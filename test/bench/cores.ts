/**
 * Which core a program runs on: server and load generator must not share one. Without `taskset`, or
 * with a single core, programs run where the system puts them, and `pinning` says so.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export type Role = 'server' | 'load'

const cores: Record<Role, string> = { server: '0', load: '1' }

const canPin =
  availableParallelism() > 1 &&
  spawnSync('taskset', ['-c', `${cores.server},${cores.load}`, 'true']).status === 0

export const pinning = canPin
  ? `server on core ${cores.server}, load generator on core ${cores.load}`
  : 'server and load generator not pinned to cores (no taskset, or one core only)'

/** The command that runs a Node program in that role. */
export const command = (role: Role, program: string): [string, ...string[]] => {
  const node = [process.execPath, '--no-warnings', program] as const
  return canPin ? ['taskset', '-c', cores[role], ...node] : [...node]
}
