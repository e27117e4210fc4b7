/** Decides which endpoints an event goes to. Pure; knows nothing of what was sent already. */
import type { EventRow } from '../storage/events.ts'
import type { Webhook } from '../storage/webhooks.ts'

type Endpoint = Pick<Webhook, 'id' | 'environmentId' | 'enabled' | 'createdAt'>

/** An endpoint hears nothing of the time before it was added, however late the event is handled. */
export const recipients = <W extends Endpoint>(
  event: Pick<EventRow, 'environmentId' | 'createdAt'>,
  webhooks: W[],
): W[] =>
  webhooks.filter(
    (webhook) =>
      webhook.enabled &&
      webhook.environmentId === event.environmentId &&
      webhook.createdAt <= event.createdAt,
  )
