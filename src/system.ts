/** What an operator or a load balancer asks: is it alive, can it serve, which version is it. */
import { createRouter } from './http/router.ts'
import { burgeeVersion, contractVersion } from './version.ts'

export const systemRoutes = createRouter()

/** 200 while the Worker runs; it says nothing of its stores, which serving can do without. */
for (const path of ['/health', '/health/liveness']) {
  systemRoutes.get(path, (c) => c.json({ status: 'ok' }))
}

/** 200 when D1 answers with the schema in place, else 500 that names what to do. */
systemRoutes.get('/health/readiness', async (c) => {
  try {
    await c.env.DB.prepare('SELECT 1 FROM entries LIMIT 1').run()
    return c.json({ database: 'working' })
  } catch {
    return c.json({ database: 'D1 does not answer, or its migrations are not applied.' }, 500)
  }
})

/** `image_tag` is the contract's release, which clients compare; `.` under package_versions is ours. */
systemRoutes.get('/version', (c) =>
  c.json({
    ci_commit_sha: c.env.COMMIT,
    image_tag: contractVersion,
    has_email_provider: false,
    is_enterprise: false,
    is_saas: false,
    self_hosted_data: null,
    package_versions: { '.': burgeeVersion },
  }),
)
