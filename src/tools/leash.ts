/**
 * Loaded into wrangler before its own code: when the tool that started it is gone, however it went,
 * the whole group ends. Nothing else could do that, since a SIGKILL gives the tool no last word.
 */
import { isMainThread } from 'node:worker_threads'

const checkMs = 200

/** Named by the tool itself: it may be gone before this file is read. */
const holder = Number(process.env.BURGEE_LEASH)

function check(): void {
  // The group is wrangler's own (it was started detached): workerd and esbuild are in it.
  if (process.ppid !== holder) process.kill(-process.pid, 'SIGKILL')
}

if (isMainThread) {
  check()
  setInterval(check, checkMs).unref()
}
