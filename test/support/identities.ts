/** Identities as admin routes show them, and as SDKs identify them. */
import { exports } from 'cloudflare:workers'
import { done, type Place, type World } from './admin.ts'

export type Identity = { id: number; identifier: string; environment: number }

export type Trait = {
  id: number
  trait_key: string
  value_type: string
  integer_value: number | null
  string_value: string | null
  boolean_value: boolean | null
  float_value: number | null
  created_date: string
}

export const identitiesOf = ({ environment }: Place) =>
  `environments/${environment.api_key}/identities/`

/** An identity of its own. */
export const addIdentity = (
  world: World,
  at: Place,
  identifier: string = crypto.randomUUID(),
): Promise<Identity> => done(world.api<Identity>('POST', identitiesOf(at), { identifier }))

export type Served = {
  identifier: string
  traits: { trait_key: string; trait_value: unknown }[]
  flags: { feature: { id: number }; enabled: boolean; feature_state_value: unknown }[]
}

/** The body may be JSON text, where the literals matter. Answers the text as well. */
export async function identify(
  at: Place,
  body: object | string,
): Promise<Served & { text: string }> {
  const response = await exports.default.fetch(
    new Request('http://localhost/api/v1/identities/', {
      method: 'POST',
      headers: { 'X-Environment-Key': at.environment.api_key, 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  )
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status} ${text}`)
  return { ...(JSON.parse(text) as Served), text }
}

/** One flag as an SDK is served it; undefined until the feature is published. */
export const servedFlag = async (at: Place, identifier: string, feature: number) =>
  (await identify(at, { identifier })).flags.find((flag) => flag.feature.id === feature)

/** A change is served within two seconds. */
export const soon = { timeout: 6_000, interval: 200 }
