/** Documents built from literals and served as if published, and OFREP requests against them. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { remember } from '../../src/document/memo.ts'
import type {
  Document,
  Feature,
  FeatureState,
  FlagValue,
  Segment,
  Variant,
} from '../../src/engine/document.ts'
import type { Env } from '../../src/env.ts'
import { createRouter } from '../../src/http/router.ts'
import { ofrepRoutes } from '../../src/ofrep/index.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { putDocument, putPointer } from '../../src/storage/documents.ts'

const app = createRouter()
app.route('/ofrep/v1', ofrepRoutes)

let lastId = 900_000
export const nextId = () => ++lastId

export const state = (value: FlagValue, enabled = true, variants: Variant[] = []): FeatureState => {
  const id = nextId()
  return { id, uuid: crypto.randomUUID(), enabled, value, variants, seed: id }
}

export const variant = (option: Partial<Variant>): Variant => ({
  id: nextId(),
  uuid: crypto.randomUUID(),
  optionId: nextId(),
  key: null,
  value: null,
  weight: 0,
  ...option,
})

export const feature = (name: string, of: FeatureState, serverKeyOnly = false): Feature => ({
  id: nextId(),
  name,
  type: of.variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD',
  description: null,
  initialValue: null,
  defaultEnabled: false,
  createdAt: 1,
  isServerKeyOnly: serverKeyOnly,
  state: of,
})

/** Who has the trait `plan` with this value gets the override. */
export const planSegment = (plan: string, target: Feature, override: FeatureState): Segment => ({
  id: nextId(),
  name: `plan ${plan}`,
  description: null,
  rules: [
    {
      type: 'ALL',
      conditions: [{ operator: 'EQUAL', property: 'plan', value: plan }],
      rules: [],
    },
  ],
  overrides: [{ featureId: target.id, featureSegmentId: nextId(), priority: 0, state: override }],
})

export type Place = { document: Document; clientKey: string; serverKey: string }

type Parts = {
  id?: number
  features: Feature[]
  segments?: Segment[]
  settings?: Partial<Document['environment']>
  stopServingFlags?: boolean
}

export const publish = async (document: Document): Promise<void> => {
  await putDocument(env.DOCUMENTS, document)
  remember(document)
}

/** An environment of its own, served to its two keys. */
export async function createPlace(parts: Parts): Promise<Place> {
  const id = parts.id ?? nextId()
  const clientKey = `client${id}`
  const serverKey = `ser.server${id}`
  const hash = await sha256Hex(serverKey)
  const document: Document = {
    schema: 1,
    version: nextId(),
    updatedAt: 1,
    environment: {
      id,
      name: 'Production',
      apiKey: clientKey,
      allowClientTraits: true,
      hideDisabledFlags: null,
      hideSensitiveData: false,
      useIdentityCompositeKeyForHashing: true,
      useIdentityOverridesInLocalEval: true,
      ...parts.settings,
    },
    project: { id, name: 'Shop', hideDisabledFlags: false, enableRealtimeUpdates: false },
    organisation: {
      id,
      name: 'Acme',
      stopServingFlags: parts.stopServingFlags ?? false,
      persistTraitData: true,
    },
    serverKeys: [{ hash, expiresAt: null }],
    features: parts.features,
    segments: parts.segments ?? [],
  }
  await putPointer(env.DOCUMENTS, await sha256Hex(clientKey), id)
  await putPointer(env.DOCUMENTS, hash, id)
  await publish(document)
  return { document, clientKey, serverKey }
}

export type Headers = Record<string, string>

/** A request as it is; `body` goes as it stands when it is text or bytes. */
export async function send(
  path: string,
  init: { method?: string; headers?: Headers; body?: unknown; env?: Env } = {},
): Promise<Response> {
  const { body, method = 'POST', headers = {} } = init
  const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined
  const ctx = createExecutionContext()
  const request = new Request(`http://localhost/ofrep/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
  })
  const response = await app.fetch(request, init.env ?? env, ctx)
  await waitOnExecutionContext(ctx)
  return response
}

export type Evaluation = {
  key: string
  value?: unknown
  reason: string
  variant?: string
  metadata: Record<string, unknown>
}

type Asked = { key: string; context?: unknown }

export async function evaluateOne(name: string, { key, context }: Asked): Promise<Evaluation> {
  const response = await send(`/evaluate/flags/${encodeURIComponent(name)}`, {
    headers: { 'X-API-Key': key },
    body: { context },
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

export const sendBulk = (key: string, context: unknown = {}, headers: Headers = {}) =>
  send('/evaluate/flags', { headers: { 'X-API-Key': key, ...headers }, body: { context } })

export async function evaluateAll({ key, context }: Asked): Promise<Evaluation[]> {
  const response = await sendBulk(key, context)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json<{ flags: Evaluation[] }>()).flags
}
