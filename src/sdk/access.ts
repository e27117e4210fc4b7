/** `X-Environment-Key` → the document it opens. Contract sdk-api §1.2: every failure is a 403. */
import { type Access, openWithKey } from '../document/access.ts'
import type { Env } from '../env.ts'
import { forbidden, type Outcome, ok } from '../outcome.ts'

export type { Access, Side } from '../document/access.ts'

export type SdkRequest = {
  env: Env
  req: { header: (name: string) => string | undefined }
  executionCtx: { waitUntil: (work: Promise<unknown>) => void }
}

/** The original's two texts for a bad key differ in one letter. */
const refusals = {
  missing: forbidden('Invalid or missing Environment key'),
  unknown: forbidden('Invalid or missing Environment Key'),
  stopped: forbidden('Organisation is disabled from serving flags.'),
}

export async function openDocument(c: SdkRequest): Promise<Outcome<Access>> {
  const key = c.req.header('X-Environment-Key')
  const opened = await openWithKey(c.env, key, (work) => c.executionCtx.waitUntil(work))
  return opened.kind === 'open' ? ok(opened) : refusals[opened.kind]
}
