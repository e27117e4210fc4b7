/**
 * `GET /environment-document/`: all an SDK needs to evaluate by itself, in one document however
 * many identity overrides there are (contract sdk-api §2.4). It never pages: most SDKs read one
 * page only.
 */
import { streamDocument } from '../document/environment-document.ts'
import { refuse } from '../http/refuse.ts'
import { forbidden } from '../outcome.ts'
import { notModified, validatorHeaders, validatorsOf } from './conditional.ts'
import { endpoint, framed, type Handler, type SdkContext } from './endpoint.ts'
import { updatedAtHeader } from './flags.ts'
import { createSdkRouter } from './router.ts'

/**
 * Cloudflare, and the local server too, ask every Worker for compressed bodies and keep apart what
 * the client asked for. Whom we send none, they may still compress.
 */
function acceptsGzip({ req }: SdkContext): boolean {
  const { clientAcceptEncoding } = (req.raw.cf ?? {}) as { clientAcceptEncoding?: string }
  const encodings = clientAcceptEncoding ?? req.header('Accept-Encoding') ?? ''
  return encodings.split(',').some((item) => {
    const [name = '', quality = '1'] = item.split(/;\s*q=/i)
    return name.trim().toLowerCase() === 'gzip' && Number(quality) > 0
  })
}

const serve: Handler = async (c, { slot: { document } }) => {
  const validators = validatorsOf(document, 'document')
  const headers = new Headers(validatorHeaders(validators))
  if (notModified(c.req.raw.headers, validators)) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('Content-Type', 'application/json')
  headers.set('X-Flagsmith-Document-Updated-At', updatedAtHeader(document.updatedAt))
  // The runtime compresses what names this encoding.
  if (acceptsGzip(c)) headers.set('Content-Encoding', 'gzip')
  return new Response(await streamDocument(c.env, document), { headers })
}

const answer = endpoint({ GET: serve })
const noServerKey = forbidden('Invalid or missing Environment key')

export const environmentDocumentRoutes = createSdkRouter()

/**
 * 200 with the document, 304 without a body, 403 for any key but a good server-side one.
 *
 * The tag is that of the version in memory. The overrides are read after it, so they are of that
 * version or newer, never older: D1's primary has every change before the version that tells of it.
 * What came too new under an old tag is replaced with the next version, which has another tag.
 */
environmentDocumentRoutes.all('/environment-document', async (c) => {
  const hasServerKey = c.req.header('X-Environment-Key')?.startsWith('ser.') === true
  const response = hasServerKey ? await answer(c) : framed(refuse(c, noServerKey))
  response.headers.append('Vary', 'Accept-Encoding')
  return response
})
