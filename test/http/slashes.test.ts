/** Every path that can be read answers the same with and without its last slash, and never redirects. */
import { expect, it } from 'vitest'
import { send } from '../support/send.ts'
import { createTenant } from '../support/tenant.ts'
import { queryFor } from '../support/tenant-bodies.ts'
import { adminRoutes, fill, idsOf } from '../support/tenant-paths.ts'

it('both forms of every path are one', { timeout: 120_000 }, async () => {
  const tenant = await createTenant('Heron')
  // A signature over the log tells its time.
  const reads = adminRoutes.filter((route) => /^GET (?!.*\/(checkpoint|log)$)/.test(route))
  for (const route of reads) {
    const path = fill(route.split(' ')[1] ?? '', () => idsOf(tenant))
    const query = queryFor(route, tenant)
    // The instance's log is the superuser's to read.
    const { auth } = path.includes('/instance/') ? tenant.world : tenant.administrator
    const [bare, slashed] = [
      await send('GET', `${path}${query}`, { auth }),
      await send('GET', `${path}/${query}`, { auth }),
    ]
    expect([route, bare.status]).toEqual([route, 200])
    expect([route, slashed.status, slashed.text]).toEqual([route, 200, bare.text])
    expect(slashed.headers.get('Cache-Control')).toMatch(/no-store/)
    expect(slashed.headers.get('Flagsmith-Version')).toMatch(/^\d+\.\d+\.\d+$/)
  }
})
