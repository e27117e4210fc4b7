/** Names that JavaScript itself knows, wherever a name may be given, and as SDKs are served them. */
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { identify, soon } from '../support/identities.ts'
import { addSegment, equals, rulesOf } from '../support/segments.ts'
import { send } from '../support/send.ts'

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']

type Made = { id: number; name?: string; label?: string; identifier?: string; trait_key?: string }

let world: World
let place: Place
let features: Map<string, number>

const isUntouched = () => {
  const fresh = {} as Record<string, unknown>
  return (
    fresh.polluted === undefined && fresh.enabled === undefined && `${fresh}` === '[object Object]'
  )
}

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  const project = `projects/${place.project.id}`
  await done(world.api('PATCH', `${project}/`, { only_allow_lower_case_feature_names: false }))
  features = new Map()
  for (const name of names) {
    const body = { name, initial_value: `of ${name}`, default_enabled: true }
    features.set(name, (await done(world.api<Made>('POST', `${project}/features/`, body))).id)
  }
}, 60_000)

describe.each(names)('%s', (name) => {
  const project = () => `projects/${place.project.id}`
  const environment = () => `environments/${place.environment.api_key}`
  const make = (path: string, body: object) => done(world.api<Made>('POST', `${path}/`, body))

  it('names anything that has a name', async () => {
    const identity = await make(`${environment()}/identities`, { identifier: `own ${name}` })
    const traits = `${environment()}/identities/${identity.id}/traits`
    const made = [
      await make(`${project()}/tags`, { label: name }),
      await make(`${project()}/segments`, { name, rules: rulesOf(equals(name, name)) }),
      await make('environments', { name, project: place.project.id }),
      await make(`${environment()}/identities`, { identifier: name }),
      await make(traits, { trait_key: name, string_value: name }),
      await make(`organisations/${world.organisation.id}/groups`, { name }),
      await make('projects', { name, organisation: world.organisation.id }),
    ]
    for (const one of made) {
      expect(Object.values(one)).toContain(name)
      expect(Object.getPrototypeOf(one)).toBe(Object.prototype)
    }
    expect(isUntouched()).toBe(true)
  })

  it('is a trait that decides a segment, and a flag that has a value', async () => {
    const feature = features.get(name) ?? 0
    const segment = await addSegment(world, place, { rules: rulesOf(equals(name, 'gold')) })
    await make(`${environment()}/features/${feature}/create-segment-override`, {
      enabled: true,
      feature_state_value: { type: 'unicode', string_value: 'overridden' },
      feature_segment: { segment: segment.id },
    })
    const traits = `[{"trait_key":${JSON.stringify(name)},"trait_value":"gold"}]`
    const valueFor = async (sent: string) => {
      const { flags } = await identify(place, `{"identifier":"who ${name}","traits":${sent}}`)
      return flags.find((flag) => flag.feature.id === feature)?.feature_state_value
    }
    await vi.waitFor(async () => expect(await valueFor(traits)).toBe('overridden'), soon)
    const nobody = `{"identifier":"${name}","transient":true}`
    const { flags } = await identify(place, nobody)
    expect(flags.find((flag) => flag.feature.id === feature)?.feature_state_value).toBe(
      `of ${name}`,
    )
    const query = `/api/v1/flags/?feature=${name}`
    const { status, text } = await send('GET', query, {
      headers: { 'X-Environment-Key': place.environment.api_key },
    })
    expect([status, JSON.parse(text)]).toMatchObject([200, { feature: { name } }])
    expect(isUntouched()).toBe(true)
  })

  it('is an object key that means nothing', async () => {
    const polluting = `{"${name}":{"polluted":true,"enabled":true,"name":"x"},"name":"kept ${name}"}`
    for (const path of ['features', 'tags', 'segments']) {
      await send('POST', `/api/v1/${project()}/${path}/`, { body: polluting, auth: world.auth })
    }
    const nested = `{"feature_state_value":{"${name}":1},"multivariate_feature_state_values":[{"${name}":1}]}`
    const state = `/api/v1/${environment()}/featurestates/1/`
    expect((await send('PUT', state, { body: nested, auth: world.auth })).status).toBe(400)
    expect(isUntouched()).toBe(true)
  })
})
