/** What the body of a webhook says, in short, whichever of the three formats it has. Verifies nothing. */

export type Told = {
  text: string
  /** Whose events are numbered together with this one. */
  series: string
}

const at = (value: unknown, ...names: string[]): unknown =>
  names.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string, unknown>)[name]
        : undefined,
    value,
  )

const cut = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

const textAt = (value: unknown, ...names: string[]): string => {
  const found = at(value, ...names)
  return typeof found === 'string' ? cut(found, 120) : ''
}

const short = (value: unknown) => cut(JSON.stringify(value) ?? 'none', 40)
const prefixed = (prefix: string, text: string) => (text === '' ? '' : `${prefix}${text}`)
const seriesOf = (environment: unknown) => String(at(environment, 'id') ?? '')

/** As receivers see them: what differs between two states of a feature. */
const fields = {
  enabled: ['enabled'],
  value: ['feature_state_value'],
  priority: ['feature_segment', 'priority'],
}

function differences(before: unknown, after: unknown): string {
  if (before === undefined) return 'new'
  if (after === null) return 'deleted'
  const told = Object.entries(fields)
    .map(([name, path]) => ({
      name,
      was: short(at(before, ...path)),
      is: short(at(after, ...path)),
    }))
    .filter(({ was, is }) => was !== is)
    .map(({ name, was, is }) => `${name} ${was} → ${is}`)
  const [was, is] = [before, after].map((one) =>
    JSON.stringify(at(one, 'multivariate_feature_state_values')),
  )
  return [...told, ...(was === is ? [] : ['variants'])].join(', ') || 'no difference'
}

function flagTold(type: string, data: unknown): Told {
  const after = at(data, 'new_state')
  const before = at(data, 'previous_state')
  const state = after ?? before
  const override =
    prefixed(' for ', textAt(state, 'identity_identifier')) ||
    prefixed(' for segment ', textAt(state, 'feature_segment', 'segment', 'name'))
  const place = prefixed(' in ', textAt(state, 'environment', 'name'))
  const who = prefixed(', by ', textAt(data, 'changed_by'))
  const name = textAt(state, 'feature', 'name')
  return {
    text: `${type} ${name}${override}${place}: ${differences(before, after)}${who}`,
    series: seriesOf(at(state, 'environment')),
  }
}

function auditTold(type: string, data: unknown): Told {
  const place = prefixed(' in ', textAt(data, 'environment', 'name'))
  const who = textAt(data, 'author', 'email') || textAt(data, 'actor', 'name')
  return {
    text: `${type}${place}: ${textAt(data, 'log')}${prefixed(', by ', who)}`,
    series: seriesOf(at(data, 'environment')),
  }
}

function fliptTold(event: unknown): Told {
  const key = textAt(event, 'payload', 'key')
  const namespace = textAt(event, 'payload', 'namespace_key')
  const actor = at(event, 'metadata', 'actor')
  const who = prefixed(', by ', textAt(actor, 'email') || textAt(actor, 'name'))
  const denied = at(event, 'status') === 'denied' ? ': denied' : ''
  const what = `${textAt(event, 'type')}:${textAt(event, 'action')} ${key}`
  return { text: `${what}${prefixed(' in ', namespace)}${denied}${who}`, series: namespace }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

export function tellOf(body: string): Told {
  const event = parsed(body)
  const data = at(event, 'data')
  const flagsmith = textAt(event, 'event_type')
  if (flagsmith === 'FLAG_UPDATED' || flagsmith === 'FLAG_DELETED') return flagTold(flagsmith, data)
  if (flagsmith !== '') return auditTold(flagsmith, data)
  if (at(event, 'payload') !== undefined) return fliptTold(event)
  const standard = textAt(event, 'type')
  if (standard !== '') return auditTold(standard, data)
  return { text: event === undefined ? 'a body that is no JSON' : 'an unknown body', series: '' }
}

/** With line breaks and indentation where it is JSON. */
export function prettyOf(body: string): string {
  const event = parsed(body)
  return event === undefined ? body : JSON.stringify(event, null, 2)
}
