/**
 * The mail that says that the system switched an endpoint off, as plain text. Names are what somebody
 * typed: each stays within its line, so that none can add a header or pass for what Burgee says.
 */
import type { DisabledWebhook } from '../storage/disabled-webhooks.ts'
import type { DisabledReason } from '../storage/webhooks.ts'

const because: Record<DisabledReason, string> = {
  gone: 'its receiver answered that it wants nothing any more',
  failing: 'nothing could be delivered to it for five days',
}

const longest = 100

/** Without control characters, line ends of any kind, and what changes the direction of writing. */
function oneLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  const characters = [...line]
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line
}

/** Name, password and query of a URL may let somebody in. */
function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return `${origin}${pathname}${search === '' ? '' : '?…'}`
}

const moment = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`

function facts({ environment, organisation, ...webhook }: DisabledWebhook): string {
  const lines: [string, string][] = [['Endpoint', `${shownUrl(webhook.url)} (id ${webhook.id})`]]
  if (environment !== null) {
    lines.push(
      ['Environment', oneLine(environment.name)],
      ['Project', oneLine(environment.project)],
    )
  }
  lines.push(['Organisation', oneLine(organisation.name)])
  lines.push(['Last status', webhook.lastStatus === null ? 'no answer' : `${webhook.lastStatus}`])
  if (webhook.failingSince !== null) lines.push(['Failing since', moment(webhook.failingSince)])
  return lines.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n')
}

/** Burgee does not know under which names it is reached, so the paths are relative. */
export function disabledMail(webhook: DisabledWebhook): { subject: string; text: string } {
  const { id, organisation, environment, reason } = webhook
  const home =
    environment === null ? `organisations/${organisation.id}` : `environments/${environment.apiKey}`
  const path = `/api/v1/${home}/webhooks/${id}/`
  return {
    subject: `Burgee switched off a webhook of ${oneLine(organisation.name)}`,
    text: `Burgee switched off a webhook endpoint, because ${because[reason]}.

${facts(webhook)}

Nothing is sent to it any more. What it would have been told is kept for 30 days and can be
sent later.

Once its receiver works again, switch it on:

  PATCH ${path}
  {"enabled": true}

and then ask for what it missed:

  POST ${path}deliveries/replay/
  {"state": "disabled"}

To see what became of each event:

  GET ${path}deliveries/

If nobody needs the endpoint any more, delete it.

This mail goes to the organisation's webhook_notification_email or, while there is none, to its
administrators.
`,
  }
}
