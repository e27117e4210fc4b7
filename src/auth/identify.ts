/** Authorization header → caller: `Token …` of a user, `Api-Key …` of an organisation. Contract §0.2. */
import type { MiddlewareHandler } from 'hono'
import { timingSafeEqual } from 'hono/utils/buffer'
import type { Base } from '../http/router.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { sha256Hex } from '../storage/digest.ts'
import { findOrganisationKeyByPrefix } from '../storage/organisation-keys.ts'
import { findUserByToken } from '../storage/users.ts'
import type { Caller, CallerVariables } from './caller.ts'

const anonymous = (detail: string): Caller & { kind: 'anonymous' } => ({
  kind: 'anonymous',
  detail,
})

const noCredential = anonymous('Authentication credentials were not provided.')
const badToken = anonymous('Invalid token.')
const badKey = anonymous('Valid Master API Key not found.')

async function identifyToken(db: Database, token: string): Promise<Caller> {
  const tokenHash = await sha256Hex(token)
  const user = await findUserByToken(db, tokenHash, Date.now())
  return user === undefined ? badToken : { kind: 'user', user, tokenHash }
}

async function identifyKey(db: Database, secret: string): Promise<Caller> {
  const prefix = secret.slice(0, 8)
  if (secret[8] !== '.') return badKey
  const key = await findOrganisationKeyByPrefix(db, prefix)
  // Hashes are compared even when there is no such key: both answers take the same work.
  const same = await timingSafeEqual(key?.hash ?? '', await sha256Hex(secret))
  if (key === undefined || !same) return badKey
  const isExpired = key.expiresAt !== null && key.expiresAt <= Date.now()
  return key.revoked || isExpired ? { ...badKey, lapsed: key } : { kind: 'organisation-key', key }
}

async function identifyCaller(db: Database, header: string | undefined): Promise<Caller> {
  const [scheme, credential, ...rest] = (header ?? '').trim().split(/\s+/)
  if (credential === undefined || rest.length > 0) return noCredential
  switch (scheme?.toLowerCase()) {
    case 'token':
      return identifyToken(db, credential)
    case 'api-key':
      return identifyKey(db, credential)
    default:
      return noCredential
  }
}

export const identify: MiddlewareHandler<{
  Bindings: Base['Bindings']
  Variables: Base['Variables'] & CallerVariables
}> = async (c, next) => {
  c.set('judged', {})
  c.set('caller', await identifyCaller(openDatabase(c.env.DB), c.req.header('Authorization')))
  await next()
}
