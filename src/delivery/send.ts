/**
 * One HTTP request of a delivery, bounded in time and size whatever the receiver does. Follows no
 * redirect, retries nothing and never throws: what happened is its value.
 */
import { type Failure, parseRetryAfter } from './schedule.ts'

export const sendTimeoutMs = 10_000
/** A receiver's answer is read to here, so that ordinary ones end cleanly, and then cancelled. */
const readLimit = 16_384
/** This much of it is kept for the attempt log. */
const keepLimit = 4_096

export type Request = { url: string; headers: Record<string, string>; body: string }

export type SendResult = {
  delivered: boolean
  status: number | null
  failure: Failure | null
  retryAfter: number | null
  snippet: string
}

export type SendTools = {
  fetch: typeof globalThis.fetch
  now: () => number
  timeoutMs?: number
}

/** What a receiver may say beside its status; of Standard Webhooks, and no more than a proposal yet. */
const spoken: Record<string, Failure> = { disable: 'gone', 'abort-message': 'aborted' }

/** Null for success. Only 2xx is: a redirect or an error page means nobody took the event. */
function judge({ status, headers }: Response): Failure | null {
  if (status >= 200 && status < 300) return null
  const said = spoken[headers.get('webhook-delivery')?.trim().toLowerCase() ?? '']
  if (said !== undefined) return said
  if (status >= 300 && status < 400) return 'redirect'
  return status === 410 ? 'gone' : 'status'
}

/**
 * Ends early, and quietly, on size, time or a broken connection: the status line has already said
 * whether the event was taken, and a retry after a 2xx would only deliver it twice.
 */
async function readSnippet(response: Response, late: Promise<never>): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let snippet = ''
  let read = 0
  try {
    while (read < readLimit) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) break
      const room = Math.max(0, keepLimit - read)
      // Streaming holds back a character cut in half instead of showing it broken.
      snippet += decoder.decode(value.subarray(0, room), { stream: true })
      read += value.byteLength
    }
  } catch {
    // What was read so far is what there is.
  }
  reader.cancel().catch(() => undefined)
  return snippet.replaceAll('\0', '\ufffd')
}

export async function send(request: Request, tools: SendTools): Promise<SendResult> {
  const { fetch } = tools
  const abort = new AbortController()
  const late = new Promise<never>((_, reject) =>
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason)),
  )
  const timer = setTimeout(() => abort.abort(), tools.timeoutMs ?? sendTimeoutMs)
  const none = { delivered: false, status: null, retryAfter: null, snippet: '' }
  try {
    const sent = fetch(request.url, {
      method: 'POST',
      headers: {
        ...request.headers,
        'Content-Type': 'application/json',
        'User-Agent': 'Burgee/0.1',
      },
      body: request.body,
      redirect: 'manual',
      signal: abort.signal,
    })
    const response = await Promise.race([sent, late])
    const failure = judge(response)
    return {
      delivered: failure === null,
      status: response.status,
      failure,
      retryAfter: parseRetryAfter(response.headers.get('retry-after'), tools.now()),
      snippet: await readSnippet(response, late),
    }
  } catch {
    // The exception's text may name the URL, which may carry a credential: only its kind is kept.
    return { ...none, failure: abort.signal.aborted ? 'timeout' : 'connection' }
  } finally {
    clearTimeout(timer)
  }
}
