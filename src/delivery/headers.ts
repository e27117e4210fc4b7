/**
 * An endpoint's own headers beneath ours: they may add, never replace what a receiver trusts, and their
 * values reach the receiver only, never the attempt log. Which names an endpoint may have at all is
 * judged when they are saved. Pure.
 */
export type HeaderLines = Record<string, string>

export function mergeHeaders(
  custom: HeaderLines,
  ours: HeaderLines,
): { sent: HeaderLines; shown: HeaderLines } {
  const taken = new Set(Object.keys(ours).map((name) => name.toLowerCase()))
  const own = Object.entries(custom).filter(([name]) => !taken.has(name.toLowerCase()))
  return {
    sent: { ...Object.fromEntries(own), ...ours },
    shown: { ...Object.fromEntries(own.map(([name]) => [name, '(hidden)'])), ...ours },
  }
}
