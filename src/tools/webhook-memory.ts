/**
 * What a receiver remembers of the webhooks it got: to know those that come twice, and those that are
 * missing. Remembers whatever it is told of: forged requests are to be kept from it.
 */

export type Arrival = {
  id: string
  /** Whose events are numbered together with this one. */
  series: string
  /** Undefined where the request has none. */
  sequence: number | undefined
  previous: number | undefined
  /** The time of day, for whoever reads it. */
  at: string
}

type Series = { seen: Set<number>; first: number; last: number }

export type Memory = {
  /** What is remarkable about it, for people; mostly nothing. */
  note(arrival: Arrival): string[]
}

/** Before the first that came, nothing was listened for. */
function gapBefore(previous: number | undefined, { seen, first }: Series): string[] {
  if (previous === undefined || previous < first || seen.has(previous)) return []
  let from = first
  for (const one of seen) if (one < previous && one >= from) from = one + 1
  return [`GAP: sequence ${from === previous ? from : `${from} to ${previous}`} has not come`]
}

export function createMemory(): Memory {
  const times = new Map<string, string>()
  const all = new Map<string, Series>()

  function noteSequence({ series, sequence, previous }: Arrival): string[] {
    if (sequence === undefined) return []
    const known = all.get(series)
    if (known === undefined) {
      all.set(series, { seen: new Set([sequence]), first: sequence, last: sequence })
      return []
    }
    const late = sequence < known.last ? [`LATE: sequence ${known.last} came before it`] : []
    const notes = [...gapBefore(previous, known), ...late]
    known.seen.add(sequence)
    known.first = Math.min(known.first, sequence)
    known.last = Math.max(known.last, sequence)
    return notes
  }

  return {
    note(arrival) {
      const { id, at } = arrival
      const before = times.get(id)
      if (before !== undefined) return [`DUPLICATE: came at ${before}`]
      if (id !== '') times.set(id, at)
      return noteSequence(arrival)
    },
  }
}
