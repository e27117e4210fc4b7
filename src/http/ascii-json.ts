/** JSON as the contract's server writes it: compact, with every non-ASCII character escaped (sdk-api §1.6). */

/** Of finished JSON text. */
export const escapeAscii = (json: string): string =>
  json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

export const asciiJson = (value: unknown): string => escapeAscii(JSON.stringify(value))
