/**
 * The environment key of an OFREP request → the document it opens. Providers set headers freely, so
 * the key may come in three.
 */
import { type Access, openWithKey } from '../document/access.ts'
import type { Env } from '../env.ts'

export type { Access, Side } from '../document/access.ts'

export type Refused = { status: 401 | 403; details: string }

export type OfrepRequest = {
  env: Env
  req: { header: (name: string) => string | undefined }
  executionCtx: { waitUntil: (work: Promise<unknown>) => void }
}

const refusals: Record<'missing' | 'unknown' | 'stopped', Refused> = {
  missing: {
    status: 401,
    details: 'Send an environment key as X-Environment-Key, X-API-Key or Authorization: Bearer.',
  },
  unknown: { status: 401, details: 'The environment key is not valid.' },
  stopped: { status: 403, details: 'Organisation is disabled from serving flags.' },
}

/** The first header that carries something decides; one that is wrong does not fall to the next. */
function presentedKey({ req }: OfrepRequest): string | undefined {
  return (
    req.header('X-Environment-Key') ||
    req.header('X-API-Key') ||
    /^Bearer +(\S+)$/i.exec(req.header('Authorization') ?? '')?.[1]
  )
}

export async function openDocument(c: OfrepRequest): Promise<Access | Refused> {
  const opened = await openWithKey(c.env, presentedKey(c), (work) => c.executionCtx.waitUntil(work))
  return opened.kind === 'open' ? opened : refusals[opened.kind]
}
