/** Decides which endpoints an event goes to. Pure; knows nothing of what was sent already. */
import type { EventRow } from '../storage/events.ts'
import type { Webhook } from '../storage/webhooks.ts'
import { fliptTypesOf, partsOf } from './flipt-event.ts'
import { matchesAction, matchesEvent } from './patterns.ts'

type Endpoint = Pick<
  Webhook,
  'organisationId' | 'environmentId' | 'format' | 'patterns' | 'createdAt'
>
type Told = Pick<EventRow, 'organisationId' | 'environmentId' | 'action' | 'createdAt'>

/** An organisation's endpoint hears of all its environments, an environment's of that one alone. */
const isOfItsPlace = (event: Told, { organisationId, environmentId }: Endpoint): boolean =>
  environmentId === null
    ? organisationId === event.organisationId
    : environmentId === event.environmentId

/** Patterns are in the words of the endpoint's format. */
function isWanted({ action }: Told, { format, patterns }: Endpoint): boolean {
  if (format !== 'flipt') return patterns.some((pattern) => matchesAction(pattern, { action }))
  const { verb } = partsOf(action)
  return fliptTypesOf({ action }).some((type) =>
    patterns.some((pattern) => matchesEvent(pattern, { type, action: verb })),
  )
}

/**
 * An endpoint hears nothing of the time before it was added, however late the event is handled. One
 * that is switched off is told of nothing, but what it missed is kept for it.
 */
export const recipients = <W extends Endpoint>(event: Told, webhooks: W[]): W[] =>
  webhooks.filter(
    (webhook) =>
      isOfItsPlace(event, webhook) &&
      isWanted(event, webhook) &&
      webhook.createdAt <= event.createdAt,
  )
