/** Pieces of route descriptions: what is documented is what is validated (one schema for both). */
import { type RouteConfig, z } from '@hono/zod-openapi'

const detail = z.object({ detail: z.string() }).openapi('Detail')
const fieldErrors = z.record(z.string(), z.unknown()).openapi('FieldErrors')

const described: Record<number, string> = {
  200: 'Done.',
  201: 'Created.',
  204: 'Done; no content.',
}

const content = (schema: z.ZodType) => ({ 'application/json': { schema } })

/**
 * The answers of a route: its own by status (null: no body), and the refusals every admin route
 * shares.
 */
export function answers(own: Record<number, z.ZodType | null>): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {
    400: { description: 'The body or query is not valid.', content: content(fieldErrors) },
    401: { description: 'No credential, or one that is not good.', content: content(detail) },
    403: { description: 'The caller may not do this.', content: content(detail) },
    404: { description: 'Unknown, or not visible to the caller.', content: content(detail) },
  }
  for (const [status, schema] of Object.entries(own)) {
    const description = described[Number(status)] ?? ''
    responses[status] =
      schema === null ? { description } : { description, content: content(schema) }
  }
  return responses
}

/** The same where the answer is no JSON but text of this type. */
export const textAnswers = (
  type: string,
  description: string,
  own: Record<number, z.ZodType | null> = {},
): RouteConfig['responses'] => ({
  ...answers(own),
  200: { description, content: { [type]: { schema: z.string() } } },
})

/**
 * A JSON body and no other (contract §0.3): forms and text get 415. A request without a body or a
 * type counts as `{}`, so that every missing field is named.
 */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  content: { 'application/json': { schema } },
  required: true,
})
