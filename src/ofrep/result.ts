/**
 * An evaluated flag → OFREP's evaluation success, as JSON text. A Flagsmith feature is a switch and a
 * value; OFREP has one typed value and no word for the type that the caller expects. Hence:
 *
 * | switch | value            | OFREP `value`      | why                                            |
 * |--------|------------------|--------------------|------------------------------------------------|
 * | on     | none, empty text | `true`             | a feature without a value is its switch        |
 * | off    | none, empty text | `false`            |                                                |
 * | on     | boolean          | the boolean        |                                                |
 * | off    | boolean          | `false`            | switched off must not read as on               |
 * | on     | integer          | the number         |                                                |
 * | on     | text             | the text           | also `"2.10"`: guessing would make a version   |
 * |        |                  |                    | text change its type with its content          |
 * | on     | text, a JSON     | the object         | the only way to an object; a list stays text,  |
 * |        | object           |                    | because the specification has no lists         |
 * | off    | integer or text  | left out           | the caller's own default (ADR 6), as           |
 * |        |                  |                    | Flagsmith's OpenFeature provider does          |
 *
 * | reason            | when                                                                       |
 * |-------------------|----------------------------------------------------------------------------|
 * | `DISABLED`        | switched off, whatever decided it                                          |
 * | `SPLIT`           | a share of the identities decided, for a variant or for the control value  |
 * | `TARGETING_MATCH` | a segment or an override for this identity decided                         |
 * | `DEFAULT`         | it could have been decided otherwise for somebody else                     |
 * | `STATIC`          | neither segments nor variants: the same for all without an own override    |
 *
 * `variant` names the option of a multivariate feature: its key, `option-<id>` for one without a key,
 * `control` for the control value. A standard feature has none: telemetry then records its value.
 */
import type { FeatureState } from '../engine/document.ts'
import type { Flag } from '../engine/index.ts'
import type { Side } from './access.ts'
import type { Listed } from './catalogue.ts'

export type Subject = {
  flag: Flag
  listed: Listed
  /** The state the flag stems from. */
  state: FeatureState
  side: Side
  hideSensitiveData: boolean
}

export type Reason = 'STATIC' | 'DEFAULT' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED'

function isJsonObject(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** JSON text; undefined where the caller's own default is to be used. An object goes as written. */
export function valueJson({ enabled, value }: Pick<Flag, 'enabled' | 'value'>): string | undefined {
  if (value === null || value === '') return String(enabled)
  if (typeof value === 'boolean') return String(enabled && value)
  if (!enabled) return undefined
  return typeof value === 'string' && isJsonObject(value) ? value : JSON.stringify(value)
}

const isSplit = (flag: Flag) => flag.reason.startsWith('SPLIT') || flag.variant === 'control'

function reasonOf({ flag, listed }: Subject): Reason {
  if (!flag.enabled) return 'DISABLED'
  if (isSplit(flag)) return 'SPLIT'
  if (flag.origin !== 'default') return 'TARGETING_MATCH'
  return listed.varies ? 'DEFAULT' : 'STATIC'
}

function variantOf({ flag, state }: Subject): string | undefined {
  if (!flag.enabled || state.variants.length === 0) return undefined
  if (flag.variant !== null) return flag.variant
  if (!isSplit(flag)) return 'control'
  const option = state.variants.find(({ key, value }) => key === null && value === flag.value)
  return option === undefined ? undefined : `option-${option.optionId}`
}

/** The engine's own reason names segments: nothing for a key that anybody can read. */
function metadataOf({ flag, listed, side, hideSensitiveData }: Subject) {
  const shown = side === 'server' && !hideSensitiveData
  return {
    featureId: listed.feature.id,
    enabled: flag.enabled,
    ...(shown && { reason: flag.reason }),
  }
}

function render(subject: Subject): string {
  const { name: key } = subject.listed.feature
  const reason = reasonOf(subject)
  const variant = variantOf(subject)
  const metadata = metadataOf(subject)
  const value = valueJson(subject.flag)
  const rest = JSON.stringify({ key, reason, variant, metadata })
  return value === undefined ? rest : `${rest.slice(0, -1)},"value":${value}}`
}

const rendered = new WeakMap<Flag, Partial<Record<Side, string>>>()

/** Flags are shared by all evaluations of a document version, so each is rendered once for a side. */
export function resultJson(subject: Subject): string {
  let sides = rendered.get(subject.flag)
  if (sides === undefined) {
    sides = {}
    rendered.set(subject.flag, sides)
  }
  const text = sides[subject.side] ?? render(subject)
  sides[subject.side] = text
  return text
}
