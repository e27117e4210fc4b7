/**
 * Work in rounds, one at a time. Whoever asks while one runs gets the next: a round that had begun
 * may have overlooked what the asker has just done. All who wait share that one, and all who ask in
 * the same moment share the first.
 */
export function createRounds(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let hasBegun = false
  let next: Promise<void> | null = null

  function start(): Promise<void> {
    hasBegun = false
    const round = Promise.resolve().then(() => {
      hasBegun = true
      return work()
    })
    // Between two rounds the first counts as running still: nobody begins a third.
    const end = () => {
      if (next === null) running = null
    }
    next = null
    running = round
    round.then(end, end)
    return round
  }

  return () => {
    if (running === null) return start()
    if (!hasBegun) return running
    next ??= running.then(start, start)
    return next
  }
}
