/** Medians and ratios. A ratio is taken round by round, so that what a round suffers cancels out. */

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export type Spread = { median: number; min: number; max: number }

/** First over second, round by round. */
export function ratio(first: readonly number[], second: readonly number[]): Spread {
  const ratios = first.map((value, round) => value / (second[round] ?? Number.NaN))
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}
