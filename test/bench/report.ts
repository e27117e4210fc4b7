/** How figures are printed: plain tables, three significant digits, a ratio with its spread. */
import type { Spread } from './statistics.ts'

/** Thousands without decimals, small figures with as many as matter. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}

export const spread = ({ median, min, max }: Spread): string =>
  `${figure(median)} (${figure(min)}..${figure(max)})`

/** The first column is names and stands left, the rest is figures and stands right. */
export function printTable(title: string, rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('   ')
  console.log(`\n${title}\n`)
  for (const row of rows) console.log(`  ${line(row)}`)
}
