/**
 * Decides which endpoints an event goes to, and which it is kept from. Pure; knows nothing of what was
 * sent already.
 */
import type { EventRow } from '../storage/events.ts'
import type { Endpoint as Stored } from '../storage/fan-out.ts'
import { fliptTypesOf, partsOf } from './flipt-event.ts'
import { matchesAction, matchesEvent } from './patterns.ts'

type Endpoint = Pick<
  Stored,
  'organisationId' | 'environmentId' | 'projectId' | 'format' | 'patterns' | 'createdAt'
>
type Told = Omit<EventRow, 'id' | 'changeId' | 'sequence'>

/**
 * An organisation's endpoint hears of all that is in it. An environment's hears of that environment, and
 * of what belongs to its project as a whole, such as features and segments.
 */
function isOfItsPlace(
  event: Told,
  { organisationId, environmentId, projectId }: Endpoint,
): boolean {
  if (environmentId === null) return organisationId === event.organisationId
  if (event.environmentId !== null) return environmentId === event.environmentId
  return event.projectId !== null && event.projectId === projectId
}

/**
 * The original's flag events are in its own format only, and entries are told so to organisations only
 * (contract audit-and-webhooks §9.1, §9.2). In the other formats an event is an entry.
 */
function isSpoken({ type, projectId }: Told, { format, environmentId }: Endpoint): boolean {
  if (type !== 'AUDIT_LOG_CREATED') return format === 'flagsmith'
  return format !== 'flagsmith' || (environmentId === null && projectId !== null)
}

/** Patterns are in the words of the endpoint's format. */
function isWanted({ action }: Told, { format, patterns }: Endpoint): boolean {
  if (format !== 'flipt') return patterns.some((pattern) => matchesAction(pattern, { action }))
  const { verb } = partsOf(action)
  return fliptTypesOf({ action }).some((type) =>
    patterns.some((pattern) => matchesEvent(pattern, { type, action: verb })),
  )
}

export type Recipient<W> = {
  webhook: W
  /** False: of all that happens in its place its patterns leave this out. */
  isWanted: boolean
}

/**
 * An endpoint hears nothing of the time before it was added, however late the event is handled. One
 * that is switched off is told of nothing, but what it missed is kept for it.
 */
export const recipients = <W extends Endpoint>(event: Told, webhooks: W[]): Recipient<W>[] =>
  webhooks
    .filter(
      (webhook) =>
        isOfItsPlace(event, webhook) &&
        isSpoken(event, webhook) &&
        webhook.createdAt <= event.createdAt,
    )
    .map((webhook) => ({ webhook, isWanted: isWanted(event, webhook) }))
