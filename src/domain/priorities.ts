/**
 * The order of a feature's segment overrides in an environment. Pure. Priorities may be sparse; only
 * what stands in the way of a move is moved (contract admin-api §B.6).
 */

type Placed = { id: number; priority: number }

/** One to another place: those between the two close the gap and open the place. */
function move<T extends Placed>(links: T[], id: number, priority: number): T[] {
  const from = links.find((link) => link.id === id)?.priority ?? priority
  return links.map((link) => {
    if (link.id === id) return { ...link, priority }
    if (link.priority >= priority && link.priority < from) {
      return { ...link, priority: link.priority + 1 }
    }
    return link.priority > from && link.priority <= priority
      ? { ...link, priority: link.priority - 1 }
      : link
  })
}

/** Each move in turn, so that later ones see what earlier ones have done. */
export const movePriorities = <T extends Placed>(links: T[], moves: Placed[]): T[] =>
  moves.reduce((moved, { id, priority }) => move(moved, id, priority), links)

/**
 * Makes room for a new one: who holds the place moves one down, and whoever is in the way of that.
 * Moving only the first of them would leave two on one place.
 */
export function openPriority<T extends Placed>(links: T[], priority: number): T[] {
  const held = new Set(links.map((link) => link.priority))
  let free = priority
  while (held.has(free)) free++
  return links.map((link) =>
    link.priority >= priority && link.priority < free
      ? { ...link, priority: link.priority + 1 }
      : link,
  )
}
