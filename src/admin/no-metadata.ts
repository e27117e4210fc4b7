/** Custom fields (contract §B.15) are not built: clients may say "none" and nothing else. */
import { z } from '@hono/zod-openapi'

export const noMetadata = z
  .array(z.unknown())
  .max(0, { error: 'Custom fields are not available: only an empty list is possible.' })
  .transform(() => undefined)
