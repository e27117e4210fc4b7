import { env, exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromBase64, fromHex, toBase64 } from '../../src/ledger/bytes.ts'
import { leafHash } from '../../src/ledger/chain.ts'
import { type Note, parseCheckpoint, parseVerifierKey, verifyNote } from '../../src/ledger/note.ts'
import { verifyConsistency, verifyInclusion } from '../../src/ledger/tree.ts'
import { addEnvironment, addMember, addUser, createWorld, type World } from '../support/admin.ts'

let world: World

beforeEach(async () => {
  world = await createWorld(`Audited ${crypto.randomUUID()}`)
})

const get = (path: string, auth = world.auth) =>
  exports.default.fetch(
    new Request(`http://localhost/api/v1/organisations/${world.organisation.id}/audit/${path}`, {
      headers: { Authorization: auth },
    }),
  )

const text = async (path: string): Promise<string> => {
  const response = await get(path)
  expect(response.status).toBe(200)
  return response.text()
}

const checkpoint = async (): Promise<Note> => {
  const note = parseCheckpoint(await text('checkpoint/'))
  if (note === undefined) throw new Error('no checkpoint')
  return note
}

const key = async () => {
  const verifier = parseVerifierKey((await text('key/')).trim())
  if (verifier === undefined) throw new Error('no verifier key')
  return verifier
}

const bytes = (base64: string) => {
  const read = fromBase64(base64)
  if (read === undefined) throw new Error(`no base64: ${base64}`)
  return read
}

type Inclusion = {
  sequence: number
  size: number
  leaf_hash: string
  root: string
  hashes: string[]
  checkpoint: string | null
}
type Consistency = {
  from: number
  to: number
  from_root: string
  to_root: string
  hashes: string[]
}

const json = async <T>(path: string): Promise<T> => JSON.parse(await text(path)) as T

const change = (name: string) => addEnvironment(world, name)

describe('a checkpoint', () => {
  it('is a signed note over the entries of the organisation', async () => {
    await change('Shop')
    const note = await checkpoint()
    const { id, uuid } = world.organisation
    const { n } = (await env.DB.prepare('SELECT count(*) AS n FROM entries WHERE ledger = ?')
      .bind(`organisation:${id}`)
      .first<{ n: number }>()) ?? { n: 0 }
    expect(n).toBeGreaterThan(2)
    expect(note.checkpoint.origin).toBe(`burgee/audit/${uuid}/organisation:${id}`)
    expect(note.checkpoint.size).toBe(n)
    expect(await verifyNote(note, [await key()])).toBe('good')
  })

  it('is the same bytes while nothing changes', async () => {
    expect(await text('checkpoint/')).toBe(await text('checkpoint/'))
  })

  it('comes as plain text that no cache keeps', async () => {
    const response = await get('checkpoint')
    expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/)
    expect(response.headers.get('Cache-Control')).toContain('no-store')
  })

  it('is signed with a key that is the organisation’s alone', async () => {
    const note = await checkpoint()
    const other = await createWorld('Other')
    world = other
    expect(await verifyNote(note, [await key()])).toBe('unknown-key')
  })
})

describe('a proof', () => {
  it('leads from the bytes of each entry to the signed root', async () => {
    await change('Shop')
    const { size, root } = (await checkpoint()).checkpoint
    for (let sequence = 1; sequence <= size; sequence++) {
      const leaf = fromHex(await leafHash(await text(`leaf/${sequence}/`)))
      const told = await json<Inclusion>(`proof/inclusion/?sequence=${sequence}&size=${size}`)
      expect(told.leaf_hash).toBe(toBase64(leaf))
      const proof = told.hashes.map(bytes)
      expect(verifyInclusion({ index: sequence - 1, size, leaf, root, proof })).toBe(true)
    }
  })

  it('carries a checkpoint when it is of the present size, and none otherwise', async () => {
    await change('Shop')
    const present = await json<Inclusion>('proof/inclusion/?sequence=1')
    const note = parseCheckpoint(present.checkpoint ?? '')
    expect(note?.checkpoint.size).toBe(present.size)
    expect(toBase64(note?.checkpoint.root ?? new Uint8Array())).toBe(present.root)
    expect(present.checkpoint).toBe(await text('checkpoint/'))
    const earlier = await json<Inclusion>('proof/inclusion/?sequence=1&size=2')
    expect(earlier).toMatchObject({ size: 2, checkpoint: null })
  })

  it('leads from an earlier checkpoint to a later one', async () => {
    const before = (await checkpoint()).checkpoint
    await change('Shop')
    const after = (await checkpoint()).checkpoint
    expect(after.size).toBeGreaterThan(before.size)
    const told = await json<Consistency>(`proof/consistency/?from=${before.size}&to=${after.size}`)
    expect(told).toMatchObject({ from_root: toBase64(before.root), to_root: toBase64(after.root) })
    const { size: from, root: fromRoot } = before
    const { size: to, root: toRoot } = after
    const proof = told.hashes.map(bytes)
    expect(verifyConsistency({ from, to, fromRoot, toRoot, proof })).toBe(true)
    expect(verifyConsistency({ from, to, fromRoot: toRoot, toRoot, proof })).toBe(false)
  })

  it('leads to the present end unless told otherwise', async () => {
    await change('Shop')
    const { size } = (await checkpoint()).checkpoint
    expect(await json<Consistency>('proof/consistency/?from=1')).toMatchObject({
      from: 1,
      to: size,
    })
    expect(await json<Consistency>('proof/consistency/?from=0')).toMatchObject({ hashes: [] })
  })

  it.each([
    ['proof/inclusion/', { sequence: ['This field is required.'] }],
    ['proof/inclusion/?sequence=0', { sequence: expect.anything() }],
    ['proof/inclusion/?sequence=x', { sequence: ['A valid integer is required.'] }],
    ['proof/inclusion/?sequence=1&size=0', { size: expect.anything() }],
    ['proof/inclusion/?sequence=3&size=2', { sequence: expect.anything() }],
    ['proof/inclusion/?sequence=1&size=1000000', { size: expect.anything() }],
    ['proof/inclusion/?sequence=1e300', { sequence: expect.anything() }],
    ['proof/consistency/', { from: ['This field is required.'] }],
    ['proof/consistency/?from=-1', { from: expect.anything() }],
    ['proof/consistency/?from=2&to=1', { from: expect.anything() }],
    ['proof/consistency/?from=1&to=1000000', { to: expect.anything() }],
  ])('refuses %s', async (path, errors) => {
    await checkpoint()
    const response = await get(path)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual(errors)
  })

  it.each(['leaf/0/', 'leaf/100000/', 'leaf/x/', 'leaf/-1/', 'leaf/99999999999999999999/'])(
    'of an entry that is not there is none: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404)
    },
  )
})

const paths = [
  'checkpoint/',
  'key/',
  'proof/inclusion/?sequence=1',
  'proof/consistency/?from=1',
  'leaf/1/',
  'export/log/',
]

describe('who may ask', () => {
  it.each(paths)('an administrator and a key of the organisation: %s', async (path) => {
    expect((await get(path)).status).toBe(200)
    expect((await get(path, world.keyAuth)).status).toBe(200)
  })

  it.each(paths)('nobody else: %s', async (path) => {
    const member = await addUser(`${crypto.randomUUID()}@example.com`)
    await addMember(world.organisation.id, member.id, 'USER')
    const stranger = await addUser(`${crypto.randomUUID()}@example.com`)
    const other = await createWorld('Elsewhere')
    expect((await get(path, member.auth)).status).toBe(403)
    expect((await get(path, stranger.auth)).status).toBe(403)
    expect((await get(path, other.keyAuth)).status).toBe(403)
    const bare = await exports.default.fetch(
      new Request(`http://localhost/api/v1/organisations/${world.organisation.id}/audit/${path}`),
    )
    expect(bare.status).toBe(401)
  })

  it('leaves no trace in the log by asking', async () => {
    const before = (await checkpoint()).checkpoint.size
    for (const path of paths) await get(path)
    expect((await checkpoint()).checkpoint.size).toBe(before)
  })
})
