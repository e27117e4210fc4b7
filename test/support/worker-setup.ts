/** Every test of the workerd layer runs in the real runtime on a freshly migrated database. */
import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'

if (navigator.userAgent !== 'Cloudflare-Workers') {
  throw new Error('this layer must run inside workerd, not in Node')
}

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.MIGRATIONS)
})
