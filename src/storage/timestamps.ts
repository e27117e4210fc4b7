/** How the contract writes a moment: UTC with microseconds, where tables hold epoch milliseconds. */

export const toTimestamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace('Z', '000Z')
