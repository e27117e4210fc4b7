/** What is refused is told in the log of whom it concerns, and nowhere else; never what was sent. */
import { describe, expect, it } from 'vitest'
import {
  addEnvironment,
  addMember,
  addUser,
  api,
  createWorld,
  dumpDatabase,
  owner,
  type World,
} from '../support/admin.ts'
import { type Denied, deniedIn, settled } from '../support/denied.ts'
import { addViewer } from '../support/grants.ts'
import { addColleague, join, joinByLink, linkOf, post } from '../support/people.ts'
import { send } from '../support/send.ts'

const ledgerOf = ({ organisation }: World) => `organisation:${organisation.id}`

const logsIn = async (ledger: string, count: number) =>
  (await settled(ledger, count)).map(({ log }) => log)

const path = '/api/v1/environments/:environment/featurestates/:state/'

describe('a request that is refused', () => {
  it('is an entry in the log of the organisation that the thing is of', async () => {
    const [ours, theirs] = [await createWorld('Ours'), await createWorld('Theirs')]
    const { project, environment } = await addEnvironment(theirs)
    const stranger = await addColleague(ours, 'ADMIN')
    const answer = await send(
      'PUT',
      `/api/v1/environments/${environment.api_key}/featurestates/7/?sesame=1`,
      {
        auth: stranger.auth,
        body: { feature_state_value: 'sesame' },
        headers: { 'CF-Connecting-IP': '192.0.2.7' },
      },
    )
    expect(answer.status).toBe(404)
    const [entry] = await settled(ledgerOf(theirs), 1)
    expect(entry).toMatchObject({
      action: 'request.denied',
      outcome: 'denied',
      log: `Denied: PUT ${path} needs UPDATE_FEATURE_STATE`,
      actor: { kind: 'user', id: String(stranger.id), name: stranger.email },
      source: { ip: '192.0.2.7', request_id: answer.headers.get('X-Request-Id') },
      resource: { type: 'ENVIRONMENT', id: String(environment.id), name: environment.name },
      organisation: theirs.organisation.id,
      project: project.id,
      environment: { id: environment.id, name: environment.name },
      before: null,
      after: null,
    })
    expect(JSON.stringify(entry)).not.toMatch(`sesame|${environment.api_key}`)
    expect(await deniedIn(ledgerOf(ours))).toEqual([])
  })

  it('names the permission that is missing, whoever asks for it and wherever it is checked', async () => {
    const world = await createWorld()
    const place = await addEnvironment(world)
    const { project, environment } = place
    const at = `environments/${environment.api_key}`
    const viewer = await addViewer(world, place)
    const other = await createWorld('Other')
    const ask = async (method: string, to: string, auth: string, body?: object) =>
      expect((await api(method, to, body, auth)).status).toBeGreaterThanOrEqual(400)
    // In the guard, in the handler, for a thing of the body, for a write, of a key.
    await ask('POST', `${at}/featurestates/`, viewer.auth, {})
    await ask('POST', 'environments/', viewer.auth, { name: 'x', project: project.id })
    const asEditor = { user: viewer.id, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'] }
    const found = await world.api<{ results: { id: number }[] }>(
      'GET',
      `projects/${project.id}/user-permissions/`,
    )
    const grants = Array.isArray(found.body) ? found.body : found.body.results
    await world.api(
      'PUT',
      `projects/${project.id}/user-permissions/${grants.at(-1)?.id}/`,
      asEditor,
    )
    const options = [{ string_value: 'a', default_percentage_allocation: 1 }]
    const withOptions = { name: 'flag', multivariate_options: options }
    await ask('POST', `projects/${project.id}/features/`, viewer.auth, withOptions)
    await ask('GET', `projects/${project.id}/`, other.keyAuth)
    const keys = `organisations/${world.organisation.id}/master-api-keys/`
    await ask('POST', keys, world.keyAuth, { name: 'more' })
    expect((await logsIn(ledgerOf(world), 5)).sort()).toEqual([
      'Denied: GET /api/v1/projects/:project/ needs VIEW_PROJECT',
      'Denied: POST /api/v1/environments/ needs CREATE_ENVIRONMENT',
      'Denied: POST /api/v1/environments/:environment/featurestates/ needs UPDATE_FEATURE_STATE',
      'Denied: POST /api/v1/organisations/:organisation/master-api-keys/ needs USER',
      'Denied: POST /api/v1/projects/:project/features/ needs ADMINISTER_PROJECT',
    ])
    expect(await deniedIn(ledgerOf(other))).toEqual([])
  })

  it('is none where nothing is denied: unknown things, unknown callers, mistakes of who may', async () => {
    const world = await createWorld()
    const { project, environment } = await addEnvironment(world)
    const stranger = await addUser(`${crypto.randomUUID()}@example.com`)
    const calls: [string, string | undefined][] = [
      ['environments/nobody/', stranger.auth],
      ['projects/987654321/', stranger.auth],
      [`projects/${project.id}/`, undefined],
      [`projects/${project.id}/`, 'Token 0123456789012345678901234567890123456789'],
      [`projects/${project.id}/`, `Api-Key ${world.keyPrefix}.wrong`],
      [`projects/${project.id}/features/987654321/`, world.auth],
      [`environments/${environment.api_key}/featurestates/987654321/`, world.keyAuth],
      [`projects/${project.id}/segments/?page=0`, world.auth],
      ['environments/?project=987654321', stranger.auth],
    ]
    for (const [to, auth] of calls) {
      expect((await api('GET', to, undefined, auth)).status).toBeGreaterThanOrEqual(400)
    }
    await api('GET', `projects/${project.id}/`, undefined, stranger.auth)
    const told = (await settled(ledgerOf(world), 1)).map(({ actor }) => actor.name)
    expect(told).toEqual([stranger.email])
  })

  it('by a key that has lapsed is one of that key', async () => {
    const world = await createWorld()
    const keys = `organisations/${world.organisation.id}/master-api-keys/`
    const make = async (body: object) =>
      (await world.api<{ key: string; prefix: string }>('POST', keys, body)).body
    const revoked = await make({ name: 'old', revoked: true })
    const expired = await make({ name: 'late', expiry_date: '2020-01-01T00:00:00Z' })
    for (const { key } of [revoked, expired]) {
      expect((await api('GET', 'projects/', undefined, `Api-Key ${key}`)).status).toBe(401)
    }
    const found = await settled(ledgerOf(world), 2)
    expect(found.map(({ actor, resource, log }) => [actor, resource.id, log])).toEqual([
      [
        expect.objectContaining({ kind: 'organisation-key', id: revoked.prefix, name: 'old' }),
        revoked.prefix,
        'Denied: GET /api/v1/projects/ with a revoked key',
      ],
      [
        expect.objectContaining({ kind: 'organisation-key', id: expired.prefix, name: 'late' }),
        expired.prefix,
        'Denied: GET /api/v1/projects/ with an expired key',
      ],
    ])
    expect(JSON.stringify(found)).not.toContain(revoked.key.slice(9))
  })

  it('is in the native view and in Flipt’s words, and not in the lists of changes', async () => {
    const world = await createWorld()
    const { project } = await addEnvironment(world)
    const stranger = await addUser(`${crypto.randomUUID()}@example.com`)
    await api('DELETE', `projects/${project.id}/`, undefined, stranger.auth)
    const [entry] = await settled(ledgerOf(world), 1)
    const at = `organisations/${world.organisation.id}/audit`
    const native = await world.api<{ results: Denied[] }>('GET', `${at}/entries/?outcome=denied`)
    expect(native.body.results.map(({ sequence }) => sequence)).toEqual([entry?.sequence])
    const query = 'outcome=denied&format=flipt'
    const flipt = await world.api<{ results: object[] }>('GET', `${at}/entries/?${query}`)
    expect(flipt.body.results).toEqual([
      expect.objectContaining({ type: 'request', action: 'denied', status: 'denied' }),
    ])
    for (const list of [`${at}/`, `projects/${project.id}/audit/`, 'audit/']) {
      const { body } = await world.api<{ results: { action: string }[] }>('GET', list)
      expect(body.results.map(({ action }) => action)).not.toContain('request.denied')
      expect(body.results.length).toBeGreaterThan(0)
    }
  })
})

describe('a flood of refused requests', () => {
  it('makes few entries, is counted, and stands in nobody’s way', { timeout: 60_000 }, async () => {
    const world = await createWorld()
    const { project } = await addEnvironment(world)
    const keys = `organisations/${world.organisation.id}/master-api-keys/`
    const old = { name: 'old', revoked: true }
    const { key } = (await world.api<{ key: string }>('POST', keys, old)).body
    const knock = () => api('GET', 'projects/', undefined, `Api-Key ${key}`)
    const flood = async (count: number) => {
      for (let left = count; left > 0; left--) expect((await knock()).status).toBe(401)
    }
    const floods = Promise.all(Array.from({ length: 20 }, () => flood(50)))
    const names = ['one', 'two', 'three']
    for (const name of names) {
      const made = await world.api('POST', `projects/${project.id}/features/`, { name })
      expect(made.status).toBe(201)
    }
    await floods
    const other = await addUser(`${crypto.randomUUID()}@example.com`)
    await api('GET', `projects/${project.id}/`, undefined, other.auth)
    const told = async () => {
      const found = await deniedIn(ledgerOf(world))
      return found.reduce((sum, { after }) => sum + 1 + (after?.unrecorded ?? 0), 0)
    }
    await expect.poll(told, { timeout: 5_000 }).toBe(1_001)
    // Ten at once, and one for every six seconds that the flood takes.
    expect((await deniedIn(ledgerOf(world))).length).toBeLessThan(30)
  })
})

describe('a login that fails', () => {
  const login = (email: string, password: string, ip?: string) =>
    post('auth/login/', { body: { email, password }, ...(ip && { ip }) })

  it('is an entry of the instance: the address, whose it is, from where; never the password', async () => {
    await createWorld()
    const known = await addUser(`${crypto.randomUUID()}@example.com`)
    const unknown = `${crypto.randomUUID()}@example.com`
    const answers = [
      await login(known.email, 'open-sesame', '192.0.2.9'),
      await login(unknown, 'open-sesame', '192.0.2.9'),
      await login('open-sesame', 'open-sesame', '192.0.2.9'),
    ]
    for (const { status, body } of answers) expect([status, body]).toEqual([400, answers[0]?.body])
    const found = async () =>
      (await deniedIn('instance')).filter(({ source }) => source.ip === '192.0.2.9')
    await expect.poll(async () => (await found()).length).toBe(3)
    for (const entry of await found()) {
      expect(entry).toMatchObject({ action: 'session.denied', log: 'Login failed' })
      expect(entry.organisation).toBeNull()
    }
    expect(
      (await found()).map(({ actor, resource }) => [actor.id, actor.name, resource.name]),
    ).toEqual([
      [String(known.id), known.email, known.email],
      [null, unknown, unknown],
      [null, '', ''],
    ])
    expect(await dumpDatabase()).not.toContain('open-sesame')
  })

  it('is so with an invite that is not good, at registration and at joining', async () => {
    const world = await createWorld()
    const person = await addUser(`${crypto.randomUUID()}@example.com`)
    const body = { ...owner, email: `${crypto.randomUUID()}@example.com` }
    const bad = { sign_up_type: 'INVITE_LINK', invite_hash: 'sesame-invite' }
    expect((await post('auth/users/', { body: { ...body, ...bad } })).status).toBe(403)
    expect((await join('sesame-invite', person)).status).toBe(404)
    const expired = await linkOf(world, { expires_at: '2020-01-01T00:00:00Z' })
    expect((await joinByLink(expired.hash, person)).status).toBe(400)
    const [entry] = await settled(ledgerOf(world), 1)
    expect(entry).toMatchObject({ action: 'membership.denied', actor: { id: String(person.id) } })
    const named = async () =>
      (await deniedIn('instance'))
        .filter(({ actor }) => [body.email, person.email].includes(actor.name))
        .map(({ action }) => action)
    await expect.poll(named).toEqual(['user.denied', 'membership.denied'])
    expect(await dumpDatabase()).not.toContain('sesame-invite')
  })
})

describe('the log of the instance', () => {
  it('is for superusers: entries, proofs, export and stream', async () => {
    const world = await createWorld()
    const get = (to: string, auth = world.auth) =>
      send('GET', `/api/v1/instance/audit/${to}`, { auth })
    const { results } = JSON.parse((await get('entries/?order=asc&limit=2')).text)
    expect(results.map(({ ledger }: { ledger: string }) => ledger)).toEqual([
      'instance',
      'instance',
    ])
    expect((await get('entries/1/')).text).toContain('"user.created"')
    expect((await get('entries/?flag=nothing')).text).toContain('"results":[]')
    expect((await get('checkpoint/')).text).toMatch(/^burgee\/audit\/instance\n/)
    expect((await get('key/')).text).toMatch(/^burgee\/audit\/instance\+/)
    expect((await get('leaf/1/')).text).toContain('"ledger":"instance"')
    expect((await get('proof/inclusion/?sequence=1')).status).toBe(200)
    expect((await get('proof/consistency/?from=1')).status).toBe(200)
    expect((await get('export/?format=csv')).text).toContain('user.created')
    expect((await get('export/log/')).text).toContain('"checkpoint":"burgee/audit/instance')
    expect((await get('stream/?after=0&limit=1')).text).toContain('"sequence":1')
  })

  it('is closed to all others, and tells who tried', async () => {
    const world = await createWorld()
    const admin = await addUser(`${crypto.randomUUID()}@example.com`)
    await addMember(world.organisation.id, admin.id, 'ADMIN')
    for (const auth of [admin.auth, world.keyAuth]) {
      const { status } = await send('GET', '/api/v1/instance/audit/entries/', { auth })
      expect(status).toBe(403)
    }
    const tried = async () =>
      (await deniedIn('instance'))
        .filter(({ log }) => log === 'Denied: GET /api/v1/instance/audit/entries/ needs SUPERUSER')
        .map(({ actor }) => actor.id)
    await expect.poll(tried).toEqual([String(admin.id), world.keyPrefix])
    expect(await deniedIn(ledgerOf(world))).toEqual([])
  })
})
