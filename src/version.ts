/** What this server calls itself. */

export const burgeeVersion = '0.1.0'

/** The release of the original whose contract is spoken; clients decide by it what they may call. */
export const contractVersion = '2.265.0'
