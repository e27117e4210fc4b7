/**
 * Where the segment overrides of a flag stand after a change of the whole flag: contract admin-api
 * §B.12. Pure. What is asked for is honoured exactly; the rest is renumbered densely around it.
 */

/** An override that a request names. */
export type Wish = {
  segmentId: number
  /** Exactly there. */
  priority?: number | undefined
  /** Its place in the sent list, which it takes when it has none. Without one: behind all others. */
  position?: number | undefined
}

export type Placed = { segmentId: number; priority: number }

/**
 * `present` is what stays, strongest first; with `replace` the wishes are the whole set, so that the
 * list's order counts for all of them. Answers the priority of each segment. What asks for no move
 * moves nothing: sparse priorities stay then.
 */
export function placeOverrides(
  present: Placed[],
  wishes: Wish[],
  replace: boolean,
): Map<number, number> {
  const held = new Map(present.map((link) => [link.segmentId, link.priority]))
  const places = new Map<number, number>()
  const taken = new Set<number>()
  const sit = (segmentId: number, from: number) => {
    let place = from
    while (taken.has(place)) place++
    taken.add(place)
    places.set(segmentId, place)
  }
  const seekers = wishes.filter(
    ({ segmentId, priority }) => priority === undefined && (replace || !held.has(segmentId)),
  )
  for (const { segmentId, priority } of wishes) {
    if (priority !== undefined) sit(segmentId, priority)
  }
  const isMove =
    seekers.some(({ position }) => position !== undefined) ||
    [...places].some(([segmentId, priority]) => held.get(segmentId) !== priority)
  for (const { segmentId, position } of seekers) {
    if (position !== undefined) sit(segmentId, position)
  }
  const seeking = new Set(seekers.map(({ segmentId }) => segmentId))
  for (const { segmentId, priority } of present) {
    if (places.has(segmentId) || seeking.has(segmentId)) continue
    if (isMove) sit(segmentId, 0)
    else places.set(segmentId, priority)
  }
  const last = Math.max(-1, ...places.values())
  for (const { segmentId, position } of seekers) {
    if (position === undefined) sit(segmentId, last + 1)
  }
  return places
}
