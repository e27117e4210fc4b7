/** Turns every way of asking a tool to end into one AbortSignal. Ends nothing itself. */

const watchMs = 200

/**
 * npm runs scripts through a shell, which dies of a signal without passing it on: under npm, losing
 * the parent is therefore a request to end. Elsewhere it is not: a server may outlive its shell.
 */
function watchParent(quit: AbortController): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) quit.abort()
  }, watchMs).unref()
}

export function quitSignal(): AbortSignal {
  const quit = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => quit.abort())
  }
  watchParent(quit)
  return quit.signal
}
