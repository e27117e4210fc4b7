/** The identity that a path names, in the environment that the path names. It judges no more. */
import type { Env } from '../env.ts'
import { pathId } from '../http/fields.ts'
import type { Environment } from '../storage/environments.ts'
import { findHoused, type Housed, identityHomes } from '../storage/identity-homes.ts'

type Asked = {
  env: Env
  var: { environment: Environment }
  req: { param: (name: 'identity') => string | undefined }
}

/** Undefined for one that is unknown, and for one of another environment: they look alike. */
export const identityOf = (c: Asked): Promise<Housed | undefined> =>
  findHoused(identityHomes(c.env), c.var.environment.id, pathId(c.req.param('identity')))
