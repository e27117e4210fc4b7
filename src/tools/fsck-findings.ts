/** What a check finds, each with its place; of very many, the first ones and how many they are. */

export type Finding = {
  /** A ledger and its entry, or a table with key and column. */
  place: string
  text: string
}

export type Findings = {
  shown: Finding[]
  count: number
  find: (place: string, text: string) => void
}

const most = 100

export function collectFindings(): Findings {
  const found: Findings = {
    shown: [],
    count: 0,
    find(place, text) {
      found.count++
      if (found.shown.length < most) found.shown.push({ place, text })
    },
  }
  return found
}

export const entryPlace = (ledger: string, sequence: number): string =>
  `${ledger}, entry ${sequence}`
