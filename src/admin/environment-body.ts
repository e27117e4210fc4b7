/**
 * What a client may say of an environment: contract admin-api §B.4. What Burgee does not have is taken
 * where it says "none" and refused otherwise, so that nobody believes it took effect.
 */
import { z } from '@hono/zod-openapi'
import { blankText, bool, id, text, textOrNull } from '../http/fields.ts'
import { noMetadata } from './no-metadata.ts'

/** What is too long is told so, and no more. */
export const colour = textOrNull(7).refine(
  (value) => value === null || value.length > 7 || /^#([\da-f]{3}|[\da-f]{6})$/i.test(value),
  { error: 'Use a colour of the form #rgb or #rrggbb.' },
)

/** Words that stand where a key stands in a path, and lead elsewhere. */
const pathWords = new Set(['permissions', 'environments', 'get-by-uuid'])

/** The key stands in paths and in a header, unescaped by some clients: others could never be used. */
const clientKey = text(100)
  .refine((key) => /^(?!\.{1,2}$)[\w.~:@!$&'()*+,;=-]+$/.test(key), {
    error: "Use letters, digits and -_.~:@!$&'()*+,;= only: the key stands in paths and headers.",
  })
  .refine((key) => !key.startsWith('ser.'), {
    error: 'A client-side key may not begin with "ser.": that marks server-side keys.',
  })
  .refine((key) => !pathWords.has(key), {
    error: 'The key stands in paths, where this word leads elsewhere.',
  })

/** In the original 0 switches change requests on, so only null asks for nothing. */
const noApprovals = z
  .null({ error: 'Change requests are not available: only null is possible.' })
  .transform(() => undefined)

const settings = {
  description: blankText(20000).nullable(),
  api_key: clientKey,
  minimum_change_request_approvals: noApprovals,
  allow_client_traits: bool(),
  banner_text: textOrNull(255),
  banner_colour: colour,
  hide_disabled_flags: bool().nullable(),
  hide_sensitive_data: bool(),
  use_identity_composite_key_for_hashing: bool(),
  use_identity_overrides_in_local_eval: bool(),
  metadata: noMetadata,
}

export const environmentName = text(2000)

export const settingsBody = z.object({ name: environmentName, ...settings }).partial()

export const createBody = z
  .object(settings)
  .partial()
  .extend({ name: environmentName, project: id().nullish() })
