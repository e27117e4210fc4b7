/**
 * Tells one recipient by mail that an endpoint was switched off, from what is true now: not when it is on
 * again or gone, and not whoever is to be told no more.
 */
import type { Env } from '../env.ts'
import { openDatabase } from '../storage/database.ts'
import { findDisabledWebhook } from '../storage/disabled-webhooks.ts'
import { findAdminEmail } from '../storage/members.ts'
import { readMailTarget } from '../storage/outbox.ts'
import { disabledMail } from './disabled-mail.ts'
import { sendMail } from './mail.ts'

export async function announceDisabled(env: Env, target: string): Promise<void> {
  const db = openDatabase(env.DB)
  const { webhookId, userId } = readMailTarget(target)
  const webhook = await findDisabledWebhook(db, webhookId)
  if (webhook === undefined) return
  const { id, notificationEmail } = webhook.organisation
  const to = userId === null ? notificationEmail : await findAdminEmail(db, id, userId)
  if (to === null || to === undefined) return
  await sendMail(env, { to, ...disabledMail(webhook) }, { webhook: webhookId })
}
