/**
 * Sends plain text by the binding `EMAIL`, from the address that the operator named. What the mail service
 * refuses for good is logged and given up; no address reaches the log.
 */
import type { Env } from '../env.ts'
import { logError, logInfo, reasonOf } from '../log.ts'

export type Mail = { to: string; subject: string; text: string }

/** By these codes it fails now and may go later. Every other code says the same at each attempt. */
const passing = ['E_RATE_LIMIT_EXCEEDED', 'E_DAILY_LIMIT_EXCEEDED', 'E_INTERNAL_SERVER_ERROR']

export const isMailConfigured = (env: Env): boolean =>
  env.EMAIL !== undefined && env.MAIL_FROM !== ''

function codeOf(error: unknown): string | null {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && code.startsWith('E_') ? code : null
}

/** Throws what may go later. `occasion` says in the log which mail it was. */
export async function sendMail(
  env: Env,
  { to, subject, text }: Mail,
  occasion: Record<string, string | number>,
): Promise<void> {
  try {
    await env.EMAIL?.send({ from: { name: 'Burgee', email: env.MAIL_FROM }, to, subject, text })
  } catch (error) {
    const code = codeOf(error)
    const reason = reasonOf(error).replaceAll(to, '<recipient>')
    if (code === null || passing.includes(code)) throw new Error(reason)
    return logError('mail.refused', { ...occasion, code, error: reason })
  }
  logInfo('mail.sent', occasion)
}
