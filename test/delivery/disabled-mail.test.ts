/** The mail about an endpoint that was switched off: all that is needed to deal with it, and no more. */
import { describe, expect, it } from 'vitest'
import { disabledMail } from '../../src/delivery/disabled-mail.ts'
import type { DisabledWebhook } from '../../src/storage/disabled-webhooks.ts'

const ofEnvironment: DisabledWebhook = {
  id: 7,
  url: 'https://example.com/hooks/flags',
  reason: 'failing',
  lastStatus: 503,
  failingSince: Date.UTC(2026, 10, 15, 12, 30),
  organisation: { id: 3, name: 'Acme', notificationEmail: 'ops@example.com' },
  environment: { name: 'Production', apiKey: 'client-key', project: 'Shop' },
}

describe('the mail about an endpoint of an environment', () => {
  const { subject, text } = disabledMail(ofEnvironment)

  it('says whose it is, and names no address of anybody', () => {
    expect(subject).toBe('Burgee switched off a webhook of Acme')
    expect(text).toContain(`
  Endpoint       https://example.com/hooks/flags (id 7)
  Environment    Production
  Project        Shop
  Organisation   Acme
  Last status    503
  Failing since  2026-11-15 12:30 UTC
`)
    expect(subject + text).not.toContain('@')
  })

  it('says why, how to switch it on and how to get what it missed', () => {
    expect(text).toContain('because nothing could be delivered to it for five days.')
    expect(text).toContain('PATCH /api/v1/environments/client-key/webhooks/7/\n  {"enabled": true}')
    expect(text).toContain(
      'POST /api/v1/environments/client-key/webhooks/7/deliveries/replay/\n  {"state": "disabled"}',
    )
  })

  it('has only lines that a mail shows whole', () => {
    expect(text.split('\n').filter((line) => line.length > 110)).toEqual([])
  })
})

it('about one of an organisation it names no environment and no project', () => {
  const { text } = disabledMail({ ...ofEnvironment, environment: null })
  expect(text).toContain('PATCH /api/v1/organisations/3/webhooks/7/')
  expect(text).not.toMatch(/Environment|Project/)
})

it('about a receiver that never answered it says so', () => {
  const { text } = disabledMail({ ...ofEnvironment, lastStatus: null, failingSince: null })
  expect(text).toContain('Last status    no answer')
  expect(text).not.toContain('Failing since')
})

it('about a receiver that is gone it says so', () => {
  const { text } = disabledMail({ ...ofEnvironment, reason: 'gone', lastStatus: 410 })
  expect(text).toContain('because its receiver answered that it wants nothing any more.')
})

it('shows nothing of a URL that may let somebody in', () => {
  const { text } = disabledMail({
    ...ofEnvironment,
    url: 'https://ada:geheim@example.com/hook?token=canary#part',
  })
  expect(text).toContain('Endpoint       https://example.com/hook?… (id 7)')
  expect(text).not.toMatch(/ada|geheim|canary|part/)
})

it('keeps every name within its line, whatever it holds', () => {
  const name =
    'Acme\r\nBcc: victim@example.com\u2028\u202e\u0000\n\n  Endpoint https://evil.example'
  const { subject, text } = disabledMail({
    ...ofEnvironment,
    organisation: { ...ofEnvironment.organisation, name },
    environment: { name: 'Prod\nuction', apiKey: 'k', project: 'x'.repeat(2_000) },
  })
  const kept = 'Acme Bcc: victim@example.com Endpoint https://evil.example'
  expect(subject).toBe(`Burgee switched off a webhook of ${kept}`)
  expect(text).toContain(`\n  Organisation   ${kept}\n`)
  expect(text).toContain('\n  Environment    Prod uction\n')
  expect(text).toContain(`\n  Project        ${'x'.repeat(99)}…\n`)
})
