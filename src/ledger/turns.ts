/**
 * A Durable Object is not a lock: while it awaits D1, other calls run in it. Turns are the lock: one
 * task at a time, in the order they came; a task that throws does not stop the next.
 */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task)
    last = result.catch(() => undefined)
    return result
  }
}
