/**
 * The command line's client as the wire sees it (contract admin-api §A.2): how it asks, what it takes
 * for success, how it pages, and which words of a failure it reads.
 */
import { exports } from 'cloudflare:workers'

export type Failure = { status: number; message: string; body: unknown }

const isFailure = (error: unknown): error is Failure =>
  error instanceof Error && 'status' in error && 'body' in error

/** `detail`, else every text that stands anywhere in the answer. */
function messageOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (Array.isArray(body)) return body.map(messageOf).join(' ')
  if (typeof body !== 'object' || body === null) return ''
  const { detail } = body as { detail?: unknown }
  return typeof detail === 'string' ? detail : Object.values(body).map(messageOf).join(' ')
}

const origin = 'http://localhost'

/** A path with a slash in front is the whole path; others are below `/api/v1/`. */
const urlOf = (path: string) => new URL(path.startsWith('/') ? path : `/api/v1/${path}`, origin)

/** `auth` is the value of the Authorization header, as the credential's kind makes it. */
export function createCli(auth: string) {
  async function send(method: string, url: URL, body?: unknown): Promise<Response> {
    const headers = new Headers({
      Authorization: auth,
      'User-Agent': 'flagsmith-cli/2.0.0 (linux)',
    })
    if (body !== undefined) headers.set('Content-Type', 'application/json')
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const request = new Request(url, { method, headers, redirect: 'manual', ...sent })
    return exports.default.fetch(request)
  }

  async function fail(response: Response): Promise<never> {
    const body: unknown = await response.json().catch(() => null)
    const { status } = response
    throw Object.assign(new Error(messageOf(body)), { status, body })
  }

  /** Nothing but 200 will do. */
  async function get<T>(path: string): Promise<T> {
    const response = await send('GET', urlOf(path))
    return response.status === 200 ? ((await response.json()) as T) : fail(response)
  }

  /** Any 2xx will do; the body is read only when something is expected of it. */
  async function mutate(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await send(method, urlOf(path), body)
    return response.ok ? response : fail(response)
  }

  return {
    get,

    /** Arrays and page objects; of `next` only path and query are followed. */
    async list<T>(path: string, pageSize = 999): Promise<T[]> {
      const url = urlOf(path)
      url.searchParams.set('page_size', String(pageSize))
      const items: T[] = []
      let at: string | null = `${url.pathname}${url.search}`
      for (let page = 0; at !== null && page < 1000; page++) {
        const answer: T[] | { next: string | null; results: T[] } = await get(at)
        if (Array.isArray(answer)) return answer
        items.push(...answer.results)
        const next: URL | null = answer.next === null ? null : new URL(answer.next)
        at = next && `${next.pathname}${next.search}`
      }
      return items
    },

    async write<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
      return (await (await mutate(method, path, body)).json()) as T
    },

    async remove(path: string, body?: unknown): Promise<void> {
      await mutate('DELETE', path, body)
    },

    /** What a call fails with. */
    async failureOf(call: Promise<unknown>): Promise<Failure> {
      const failure = await call.then(
        () => undefined,
        (error: unknown) => error,
      )
      if (isFailure(failure)) return failure
      throw failure ?? new Error('the call succeeded')
    },

    /** The SDK API, by the key of an environment and nothing else. */
    async evaluate<T>(key: string, path: string, body?: unknown): Promise<T> {
      const headers = { 'X-Environment-Key': key, 'Content-Type': 'application/json' }
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const response = await exports.default.fetch(new Request(urlOf(path), { headers, ...sent }))
      return response.status === 200 ? ((await response.json()) as T) : fail(response)
    },
  }
}

export type Cli = ReturnType<typeof createCli>
