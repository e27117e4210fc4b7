/** Talks to a running server's public API as any client would. Knows no route and no rule of it. */

export type Answer = { status: number; body: unknown }

export type Api = {
  /** Whatever the server answers is a value; only a dead connection throws. */
  send(method: string, path: string, body?: unknown): Promise<Answer>
  /** The body of a success; anything else throws with what the server said. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
}

export type ApiOptions = { url: string; authorization?: string; signal?: AbortSignal }

function readBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export function createApi({ url, authorization, signal }: ApiOptions): Api {
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    return { status: response.status, body: readBody(await response.text()) }
  }
  return {
    send,
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await send(method, path, body)
      if (answer.status >= 200 && answer.status < 300) return answer.body as T
      const said = JSON.stringify(answer.body).slice(0, 500)
      throw new Error(`${method} /api/v1/${path} answered ${answer.status}: ${said}`)
    },
  }
}

/** Lists come as arrays or as pages, depending on the resource (contract admin-api §0.4). */
export async function list<T>(api: Api, path: string): Promise<T[]> {
  const body = await api.call<T[] | { results: T[] }>('GET', path)
  return Array.isArray(body) ? body : body.results
}
