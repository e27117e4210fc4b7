/** `environments/{environment}/document/`: contract admin-api §B.4. */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import { streamPresentDocument } from '../document/environment-document.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { createAdminRouter } from './router.ts'

export const environmentDocumentRoutes = createAdminRouter()

/**
 * The same bytes as the SDKs' environment document (sdk-api §2.4), identity overrides included; as the
 * database has it at this moment, so that a change shows before it is published.
 */
environmentDocumentRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/environments/{environment}/document',
    middleware: [requireEnvironment('VIEW_ENVIRONMENT')] as const,
    responses: answers({ 200: z.record(z.string(), z.unknown()) }),
  }),
  async (c) => {
    const body = await streamPresentDocument(c.env, c.var.environment.id)
    return body === undefined
      ? refuse(c, notFound())
      : c.body(body, 200, { 'Content-Type': 'application/json' })
  },
)
