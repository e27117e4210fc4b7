/** Lets the auth routes take HTML forms as well as JSON (contract admin-api §B.1). */
import type { MiddlewareHandler } from 'hono'
import type { Base } from '../http/router.ts'

const isForm = (type: string | undefined) =>
  /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type ?? '')

/** A form becomes the JSON body with the same fields; files and repeated fields are not taken. */
export const formAsJson: MiddlewareHandler<Base> = async (c, next) => {
  if (isForm(c.req.header('Content-Type'))) {
    const headers = new Headers(c.req.raw.headers)
    headers.set('Content-Type', 'application/json')
    headers.delete('Content-Length')
    // A form that cannot be read has no fields: the schema then names what is missing.
    const body = JSON.stringify(await c.req.parseBody().catch(() => ({})))
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body })
    c.req.bodyCache = {}
  }
  await next()
}
