/** Serving while the stores behind it fail. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { serve } from '../../src/app.ts'
import { forget } from '../../src/document/memo.ts'
import { publishDocument } from '../../src/document/publish.ts'
import { createFlagWorld } from '../support/world.ts'

const broken = <T extends object>(target: T): T =>
  new Proxy(target, {
    get: () => () => {
      throw new Error('the store is down')
    },
  })

it('GET /flags/ goes on without D1, also in an isolate that remembers nothing', async () => {
  const world = await createFlagWorld()
  await publishDocument(env, world.environment.id)
  forget(world.environment.id)
  const bindings = { ...env, DB: broken(env.DB), LEDGER: broken(env.LEDGER) }
  for (const path of ['flags/', 'flags', 'flags/?feature=banner']) {
    const context = createExecutionContext()
    const request = new Request(`http://localhost/api/v1/${path}`, {
      headers: { 'X-Environment-Key': world.environment.apiKey },
    })
    const response = await serve(request as never, bindings, context)
    await waitOnExecutionContext(context)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('"banner"')
  }
})
