/** Forgetting somebody in the audit log: what goes, what stays, and that proofs of before still hold. */
import { env, exports } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseCheckpoint, parseVerifierKey } from '../../src/ledger/note.ts'
import { checkLog } from '../../src/tools/log-check.ts'
import {
  addEnvironment,
  addMember,
  addUser,
  createWorld,
  done,
  forbidden,
  type Person,
  type Place,
  type World,
} from '../support/admin.ts'
import { addState, type State } from '../support/flags.ts'
import { addIdentity, type Identity } from '../support/identities.ts'
import {
  addColleague,
  addStranger,
  type Invite,
  inviteBy,
  join,
  pathOf,
} from '../support/people.ts'

let world: World
let place: Place
let state: State
/** Everything that tells of the person has this in it, in one case or the other. */
let canary: string
let person: Person

const erase = (body: unknown, auth?: string, of = world) =>
  of.api<{ entries: number }>('POST', pathOf(of, 'audit/erasures/'), body, auth)

const get = async (path: string, auth = world.auth) => {
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${pathOf(world, `audit/${path}`)}`, {
      headers: { Authorization: auth },
    }),
  )
  return new TextDecoder().decode(await response.arrayBuffer())
}

type Row = { sequence: number; record: string; personal: string | null; action: string }

/** Every column of every entry of the organisation, those that D1 computes among them. */
const rowsOf = async (of = world): Promise<Row[]> =>
  (
    await env.DB.prepare(
      'SELECT *, log, names, resource_name FROM entries WHERE ledger = ? ORDER BY sequence',
    )
      .bind(`organisation:${of.organisation.id}`)
      .all<Row>()
  ).results

const telling = async (text: string, of = world) =>
  (await rowsOf(of)).filter((row) => JSON.stringify(row).toLowerCase().includes(text.toLowerCase()))

const flagPath = () => `environments/${place.environment.api_key}/featurestates/${state.id}/`

/** As the person, from an address and with a program that name them. */
async function act(path: string, body: unknown): Promise<void> {
  const response = await exports.default.fetch(
    new Request(`http://localhost/api/v1/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        Authorization: person.auth,
        'Content-Type': 'application/json',
        'CF-Connecting-IP': `${canary}-ip`,
        'User-Agent': `${canary}-agent`,
      },
    }),
  )
  expect(response.status).toBe(201)
}

beforeAll(async () => {
  world = await createWorld('Forgetful')
  place = await addEnvironment(world)
  state = await addState(world, place, { name: 'banner' })
})

beforeEach(() => {
  canary = `canary${crypto.randomUUID().slice(0, 8)}`
})

/** Was invited, joined, was granted something, made two changes, and is whom the organisation names. */
async function meetPerson(): Promise<void> {
  person = await addUser(`${canary}@example.com`)
  const { auth } = await addColleague(world, 'ADMIN')
  const invite = (email: string) =>
    done(world.api<Invite>('POST', pathOf(world, 'invites/'), { email }, auth))
  await join((await invite(person.email.toUpperCase())).hash, person)
  await invite(`${canary}2@example.com`)
  const { id } = place.project
  const grant = { user: person.id, permissions: [], admin: true }
  await done(world.api('POST', `projects/${id}/user-permissions/`, grant, auth))
  await act(`projects/${id}/tags/`, { label: canary.slice(6), color: '#fff' })
  await act(`projects/${id}/tags/`, { label: `${canary.slice(6)}2`, color: '#fff' })
  const settings = { name: 'Forgetful', webhook_notification_email: person.email }
  await done(world.api('PUT', pathOf(world, ''), settings, auth))
}

describe('erasing a person', () => {
  beforeEach(meetPerson)

  it('leaves every record, hash and proof as it was', async () => {
    const [checkpoint, key] = [await get('checkpoint/'), (await get('key/')).trim()]
    const before = await rowsOf()
    const leaf = await get('leaf/1/')
    const { hashes } = JSON.parse(await get(`proof/inclusion/?sequence=1&size=${before.length}`))
    const { entries } = await done(erase({ user: person.id }))
    expect(entries).toBeGreaterThan(5)
    const after = await rowsOf()
    const kept = after.slice(0, -1).map(({ sequence, record }) => ({ sequence, record }))
    expect(kept).toEqual(before.map(({ sequence, record }) => ({ sequence, record })))
    expect(await get('leaf/1/')).toBe(leaf)
    const again = await get(`proof/inclusion/?sequence=1&size=${before.length}`)
    expect(JSON.parse(again).hashes).toEqual(hashes)
    const [note, verifier] = [parseCheckpoint(checkpoint), parseVerifierKey(key)]
    if (note === undefined || verifier === undefined) throw new Error('nothing was kept')
    const lines = (await get('export/log/')).trimEnd().split('\n')
    const checking = checkLog(
      { kept: [{ name: 'kept', note }], verifiers: [verifier] },
      lines.at(-1) ?? '',
    )
    lines.every(checking.take)
    expect(await checking.end()).toMatchObject({ kind: 'good', entries: after.length })
  })

  it('by id takes all that tells of them, and nothing of anybody else', async () => {
    const others = (await rowsOf()).filter(
      (row) => !JSON.stringify(row).match(new RegExp(canary, 'i')),
    )
    const found = await telling(`${canary}@`)
    const { entries } = await done(erase({ user: person.id }))
    expect(entries).toBe(found.length)
    expect(await telling(`${canary}@`)).toEqual([])
    expect(await telling(`${canary}-`)).toEqual([])
    expect(await telling(`${canary}2@`)).toHaveLength(1)
    const left = await rowsOf()
    for (const other of others) expect(left).toContainEqual(other)
    const told = left.at(-1)
    expect(JSON.parse(told?.record ?? '')).toMatchObject({
      action: 'audit.erased',
      resource: { type: 'AUDIT_LOG' },
      after: { kind: 'user', user_id: person.id, entries, actors: 4 },
    })
  })

  it('by address finds the same entries, in any case of letters', async () => {
    const found = await telling(`${canary}@`)
    const { entries } = await done(erase({ email: person.email.toUpperCase() }))
    expect(entries).toBe(found.length)
    expect(await telling(`${canary}@`)).toEqual([])
    const { after, log } = JSON.parse((await rowsOf()).at(-1)?.record ?? '')
    expect(after).toEqual({ kind: 'email', entries, actors: 4, subjects: expect.any(Number) })
    expect(log).toContain('an e-mail address')
    expect((await done(erase({ email: `${canary}2@example.com` }))).entries).toBe(1)
    expect(await telling(canary.slice(0, 12))).toEqual([])
  })

  it('is done once: then nothing is left, and nothing is written', async () => {
    await done(erase({ user: person.id }))
    const { length } = await rowsOf()
    expect(await done(erase({ user: person.id }))).toEqual({ entries: 0 })
    expect(await done(erase({ email: person.email }))).toEqual({ entries: 0 })
    expect(await done(erase({ user: 2147483647 }))).toEqual({ entries: 0 })
    expect(await rowsOf()).toHaveLength(length)
  })

  it('who has left works by what the log still knows', async () => {
    await done(world.api('POST', pathOf(world, 'remove-users/'), [{ id: person.id }]))
    await done(erase({ email: person.email }))
    expect(await telling(`${canary}@`)).toEqual([])
    expect(await telling(`${canary}-`)).toEqual([])
  })

  it('leaves views that say what is gone', async () => {
    await done(erase({ user: person.id }))
    const list = await done(
      world.api<{ results: { resource: object; sequence: number }[] }>(
        'GET',
        pathOf(world, `audit/entries/?actor=${person.id}&order=asc`),
      ),
    )
    expect(list.results).toHaveLength(4)
    expect(list.results[0]).toMatchObject({
      v: 2,
      actor: { kind: 'user', id: String(person.id), name: '' },
      source: { ip: null, user_agent: null },
      resource: { type: 'MEMBERSHIP', id: String(person.id), name: '' },
      log: '',
      commitment: { actor: expect.any(String), subject: expect.any(String) },
      erased: ['actor', 'subject'],
    })
    expect(list.results.at(-1)).toMatchObject({
      erased: ['actor'],
      log: `New Tag created: ${canary.slice(6)}2`,
    })
    const [csv, flipt] = [await get('export/?format=csv'), await get('export/?format=flipt')]
    expect(csv + flipt).not.toContain(`${canary}-`)
    expect(await get(`entries/?q=${canary}@`)).toMatch(/^\{"results":\[\]/)
    const member = await get('entries/?resource_type=PERMISSION&limit=1')
    const { id } = JSON.parse(member).results[0]
    const flagsmith = await done(world.api<{ log: string }>('GET', `audit/${id}/`))
    expect(flagsmith).toMatchObject({ log: 'Erased', actor: { name: expect.stringMatching('@') } })
  })

  it('concerns no other organisation', async () => {
    const other = await createWorld('Elsewhere')
    await join((await inviteBy(other, { email: person.email })).hash, person)
    const { length } = await telling(`${canary}@`, other)
    expect(length).toBeGreaterThan(2)
    await done(erase({ user: person.id }))
    expect(await telling(`${canary}@`, other)).toHaveLength(length)
  })

  it('does not tell whose account an id is', async () => {
    const stranger = await addStranger()
    await inviteBy(world, { email: stranger.email })
    expect(await done(erase({ user: stranger.id }))).toEqual({ entries: 0 })
    expect((await done(erase({ email: stranger.email }))).entries).toBe(1)
  })
})

it('whoever erases themself stays in the entry about it by id alone', async () => {
  const admin = await addColleague(world, 'ADMIN')
  await done(world.api('PUT', flagPath(), { enabled: true }, admin.auth))
  expect((await done(erase({ user: admin.id }, admin.auth))).entries).toBe(1)
  expect(await telling(admin.email)).toEqual([])
  expect(await done(erase({ user: admin.id }, admin.auth))).toEqual({ entries: 0 })
})

describe('erasing an identity', () => {
  it('takes its names, its traits and those of its overrides; the flags stay', async () => {
    const identifier = `${canary}@example.com`
    const identity: Identity = await addIdentity(world, place, identifier)
    const at = `environments/${place.environment.api_key}/identities/${identity.id}/`
    const trait = { trait_key: `${canary}-key`, value_type: 'unicode', string_value: `${canary}-1` }
    await done(world.api('POST', `${at}traits/`, trait))
    await done(world.api('POST', `${at}featurestates/`, { feature: state.feature, enabled: true }))
    await done(world.api('PUT', at, { identifier: `${canary}-new` }))
    await done(world.api('DELETE', at))
    const other = await addIdentity(world, place, `${canary}x`)
    const target = (name: string, environment = place.environment.id) => ({
      identity: { environment, identifier: name },
    })
    expect(await done(erase(target(identifier, 2147483647)))).toEqual({ entries: 0 })
    // By a name that it had before, with all that was told under the new one.
    expect(await done(erase(target(identifier)))).toEqual({ entries: 6 })
    expect((await telling(canary)).map(({ action }) => action)).toEqual(['identity.created'])
    expect(await telling(other.identifier)).toHaveLength(1)
    expect(await done(erase(target(identifier)))).toEqual({ entries: 0 })
    const told = await rowsOf()
    expect(JSON.parse(told.at(-1)?.record ?? '').after).toEqual({
      ...{ kind: 'identity', environment_id: place.environment.id },
      ...{ entries: 6, actors: 0, subjects: 6 },
    })
    const history = `projects/${place.project.id}/features/${state.feature}/history/?order=desc`
    const { results } = await done(world.api<{ results: { log: string }[] }>('GET', history))
    expect(results[0]).toMatchObject({
      action: 'feature-state.deleted',
      before: { identity_id: identity.id, enabled: true, feature_id: state.feature },
      erased: ['subject'],
    })
  })
})

describe('the route', () => {
  it.each([
    [{}, 'non_field_errors'],
    [{ user: 1, email: 'a@example.com' }, 'non_field_errors'],
    [{ user: 'x' }, 'user'],
    [{ email: 'nobody' }, 'email'],
    [{ identity: { environment: 1 } }, 'identity'],
  ])('refuses what does not name exactly one: %o', async (body, field) => {
    const { status, body: errors } = await erase(body)
    expect(status).toBe(400)
    expect(Object.keys(errors)).toEqual([field])
  })

  it('is for the organisation’s administrators and its keys', async () => {
    const body = { email: `${canary}@example.com` }
    const [member, stranger] = [await addColleague(world), await addStranger()]
    expect(await erase(body, member.auth)).toMatchObject({ status: 403, body: forbidden })
    expect(await erase(body, stranger.auth)).toMatchObject({ status: 403, body: forbidden })
    expect((await erase(body, 'Token nobody')).status).toBe(401)
    expect((await erase(body, world.keyAuth)).status).toBe(200)
    await addMember(world.organisation.id, stranger.id, 'ADMIN')
    expect((await erase(body, stranger.auth)).status).toBe(200)
  })
})
