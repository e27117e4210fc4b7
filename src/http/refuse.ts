/** The one switch that turns a refusal into HTTP: contract admin-api §0.2 and §0.3. */
import type { Context } from 'hono'
import type { Refusal } from '../outcome.ts'

export function refuse(c: Context, refusal: Refusal): Response {
  switch (refusal.kind) {
    case 'invalid':
      return c.json(refusal.errors, 400)
    case 'unauthenticated':
      return c.json({ detail: refusal.detail }, 401, { 'WWW-Authenticate': 'Token' })
    case 'forbidden':
      return c.json({ detail: refusal.detail }, 403)
    case 'not-found':
      return c.json({ detail: refusal.detail }, 404)
    case 'conflict':
      return c.json({ detail: refusal.detail, code: refusal.code }, 409)
    case 'stale':
      return c.json({ detail: refusal.detail }, 412)
    case 'throttled': {
      const detail = `Request was throttled. Expected available in ${refusal.seconds} seconds.`
      return c.json({ detail }, 429, { 'Retry-After': String(refusal.seconds) })
    }
  }
}
