/** Traits as the contract writes them, as JSON text: values keep the type they were sent with. */
import { escapeAscii } from '../http/ascii-json.ts'
import type { Trait } from './merge-traits.ts'

/** `{"id": int|null, "trait_key", "trait_value", "transient": bool}` (sdk-api §2.2, gotcha 11). */
export const traitText = ({ id, key, json, transient }: Trait): string =>
  `{"id":${id},"trait_key":${JSON.stringify(key)},"trait_value":${json},"transient":${transient}}`

/** The array of them; with hide_sensitive_data an empty one (sdk-api §4). */
export function traitTexts(traits: ReadonlyMap<string, Trait>, hideSensitive: boolean): string {
  if (hideSensitive) return '[]'
  const texts: string[] = []
  for (const trait of traits.values()) texts.push(traitText(trait))
  return escapeAscii(`[${texts.join()}]`)
}
