import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { insertIdentity } from '../../src/storage/identities.ts'
import { addEnvironment, createWorld, done, type Place, type World } from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { bodiesOf, listen } from '../support/listening.ts'

type Override = State & { identity: unknown }
type Page = { count: number; results: Override[] }

const flat = 'features/featurestates/'

let world: World
let place: Place
let list: string

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  await listen(world.organisation.id, place.environment.id)
  list = `environments/${place.environment.api_key}/featurestates/`
})

const post = (body: object) => world.api<Override>('POST', flat, body)

/** An identity of the place's environment, as SDKs would have made it. */
async function addIdentity(identifier: string = crypto.randomUUID()) {
  const environmentId = place.environment.id
  await insertIdentity(openDatabase(env.DB), { environmentId, identifier }, Date.now())
  const found = env.DB.prepare('SELECT id FROM identities WHERE identifier = ?').bind(identifier)
  return { id: (await found.first<{ id: number }>())?.id, identifier }
}

describe('an identity override', () => {
  it('is made by id or by identifier, and listed with its identity', async () => {
    const { feature, environment } = await addState(world, place)
    const [ada, bob] = [await addIdentity(), await addIdentity()]
    const body = { feature, environment, enabled: true }
    const first = await done(post({ ...body, identity: ada.id }))
    const second = await done(post({ ...body, identifier: bob.identifier }))
    expect([first.identity, second.identity]).toEqual([ada.id, bob.id])

    const found = (query: string) => done(world.api<Page>('GET', `${list}?feature=${query}`))
    expect((await found(`${feature}`)).count).toBe(1)
    const page = await found(`${feature}&anyIdentity=1`)
    const flatly = `${flat}?environment=${environment}&feature=${feature}`
    expect((await done(world.api<Page>('GET', flatly))).count).toBe(1)
    expect(page.results.map((state) => [state.id, state.identity])).toEqual([
      [first.id, ada],
      [second.id, bob],
    ])
    const told = await bodiesOf(environment)
    const ofBob = told.filter((body) => JSON.stringify(body).includes(bob.identifier))
    expect(ofBob).toHaveLength(1)
  })

  it('exists once, and for identities of the environment only', async () => {
    const { feature, environment } = await addState(world, place)
    const { id } = await addIdentity()
    const body = { feature, environment }
    await done(post({ ...body, identity: id }))
    const other = await addEnvironment(world, 'Other')
    const foreign = await addState(world, other)
    const elsewhere = { feature: foreign.feature, environment: foreign.environment }
    const unknown = { identity: ['Identity does not exist in environment.'] }
    const wrong: [object, object][] = [
      [{ ...body, identity: id }, { non_field_errors: [expect.any(String)] }],
      [{ ...body, identity: 987_654 }, unknown],
      [{ ...elsewhere, identity: id }, unknown],
      [{ ...body, identifier: 'nobody' }, { identifier: ['Invalid identifier'] }],
      [body, { non_field_errors: [expect.stringContaining('name one of them')] }],
      [
        { environment, feature: foreign.feature, identity: id },
        { feature: ['Feature does not exist in project'] },
      ],
    ]
    for (const [sent, errors] of wrong) {
      expect(await post(sent)).toMatchObject({ status: 400, body: errors })
    }
    expect(await post({ environment, identity: id })).toMatchObject({
      status: 400,
      body: { detail: 'Feature not provided' },
    })
    expect((await post({ feature, identity: id })).status).toBe(403)
  })
})
