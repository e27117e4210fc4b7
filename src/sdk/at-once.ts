/**
 * The answers that the isolate holds ready, given without a promise and before any routing: either
 * costs more than these answers do. Whatever else is asked, refusals too, is left to the routes.
 */
import { openAtOnce } from '../document/access.ts'
import { readyFlags, takesJson } from './flags.ts'

const flagsPath = '/api/v1/flags/'

/** The path and nothing else: a query asks for something that is not held ready. */
const asksForFlags = (url: string) =>
  url.endsWith(flagsPath) && url.indexOf('/', 'https://'.length) === url.length - flagsPath.length

export function answerAtOnce(request: Request): Response | undefined {
  if (request.method !== 'GET' || !asksForFlags(request.url)) return undefined
  // Whoever may already have the answer is asked about it by the route.
  if (request.headers.has('If-None-Match')) return undefined
  if (!takesJson(request.headers.get('Accept'))) return undefined
  const key = request.headers.get('X-Environment-Key')
  const access = key === null ? undefined : openAtOnce(key)
  return access === undefined ? undefined : readyFlags(access)
}
