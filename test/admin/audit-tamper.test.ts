/** Somebody with the database in their hands: what the server refuses to sign, and what an export shows. */
import { evictDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { canonicalJson, leafHash } from '../../src/ledger/chain.ts'
import { parseCheckpoint, parseVerifierKey } from '../../src/ledger/note.ts'
import { checkLog, type Verdict } from '../../src/tools/log-check.ts'
import { addEnvironment, createWorld, done, type World } from '../support/admin.ts'

let world: World
let ledger: string
let checkpoint: string
let key: string

const get = (path: string) =>
  exports.default.fetch(
    new Request(`http://localhost/api/v1/organisations/${world.organisation.id}/audit/${path}`, {
      headers: { Authorization: world.keyAuth },
    }),
  )

const change = (name: string) => addEnvironment(world, name)

/** All of the log, oldest first. */
const list = (query: string) =>
  done(
    world.api<{ results: { time: string }[] }>(
      'GET',
      `organisations/${world.organisation.id}/audit/entries/?order=asc&limit=1000&${query}`,
    ),
  )

const run = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(sql)
    .bind(...values)
    .run()

type Row = { sequence: number; hash: string; record: string }

const rows = async () =>
  (
    await env.DB.prepare('SELECT * FROM entries WHERE ledger = ? ORDER BY sequence')
      .bind(ledger)
      .all<Row>()
  ).results

const rowAt = async (sequence: number): Promise<Row> => {
  const row = (await rows())[sequence - 1]
  if (row === undefined) throw new Error(`no entry ${sequence}`)
  return row
}

/** The export, checked with what the auditor has kept: `good`, or what is wrong first. */
async function audit(): Promise<string> {
  const response = await get('export/log/')
  expect(response.status).toBe(200)
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const lines = text.trimEnd().split('\n')
  const note = parseCheckpoint(checkpoint)
  const verifier = parseVerifierKey(key)
  if (note === undefined || verifier === undefined) throw new Error('nothing was kept')
  const kept = [{ name: 'kept', note }]
  const checking = checkLog({ kept, verifiers: [verifier] }, lines.at(-1) ?? '')
  lines.every(checking.take)
  const verdict: Verdict = await checking.end()
  return verdict.kind === 'good' ? 'good' : `${verdict.problem.kind} ${verdict.problem.at}`
}

/** What a checkpoint and proofs are refused with. */
async function refusal(): Promise<string> {
  const refused = []
  for (const path of ['checkpoint/', 'proof/inclusion/?sequence=1', 'proof/consistency/?from=1']) {
    const response = await get(path)
    if (response.status !== 409) return `${path} answers ${response.status}`
    const body = (await response.json()) as { code: string; detail: string }
    expect(body.code).toBe('audit-log-tampered')
    refused.push(body.detail)
  }
  expect(new Set(refused).size).toBe(1)
  return refused[0] ?? ''
}

/** A hand in the database takes the triggers away first. */
async function tamper(sql: string, ...values: unknown[]) {
  await run('DROP TRIGGER IF EXISTS entries_are_not_edited')
  await run('DROP TRIGGER IF EXISTS entries_go_by_pruning')
  await run(sql, ...values)
}

beforeEach(async () => {
  world = await createWorld(`Tampered ${crypto.randomUUID()}`)
  ledger = `organisation:${world.organisation.id}`
  await change('One')
  checkpoint = await (await get('checkpoint/')).text()
  key = (await (await get('key/')).text()).trim()
  await change('Two')
})

const signedSize = () => parseCheckpoint(checkpoint)?.checkpoint.size ?? 0

describe('a log that nobody has touched', () => {
  it('is good: its export holds against the checkpoint that was kept', async () => {
    expect(await audit()).toBe('good')
    await change('Three')
    expect(await audit()).toBe('good')
  })

  it('is good although it passes between machines whose clocks differ, and times are found', async () => {
    for (const minutes of [2, -2, 1]) {
      await evictDurableObject(env.LEDGER.getByName(ledger))
      const real = Date.now.bind(Date)
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + minutes * 60_000)
      await change(`At ${minutes}`)
      clock.mockRestore()
    }
    expect(await audit()).toBe('good')
    const { results: told } = await list('')
    const times = told.map(({ time }) => time)
    expect(times).not.toEqual(times.toSorted())
    for (const time of [times[0], times.at(-1), ...times.slice(-6)]) {
      const [at, asked] = [time ?? '', encodeURIComponent(time ?? '')]
      expect((await list(`from=${asked}`)).results).toEqual(told.filter((one) => one.time >= at))
      expect((await list(`to=${asked}`)).results).toEqual(told.filter((one) => one.time < at))
    }
  })

  it('is not edited while the trigger stands', async () => {
    const update = run('UPDATE entries SET hash = ? WHERE ledger = ?', 'x', ledger)
    await expect(update).rejects.toThrow('an audit entry is never edited')
    const remove = run('DELETE FROM entries WHERE ledger = ?', ledger)
    await expect(remove).rejects.toThrow('an audit entry is never deleted but by pruning')
  })
})

describe('in the past that was signed', () => {
  it('an edited record is shown by the export', async () => {
    const { record } = await rowAt(2)
    await tamper(
      'UPDATE entries SET record = ? WHERE ledger = ? AND sequence = 2',
      record.replace('"log":"', '"log":"Not '),
      ledger,
    )
    expect(await audit()).toBe('edit 2')
  })

  it('an edited record with its hash is refused, and shown by the export', async () => {
    const record = (await rowAt(2)).record.replace('"log":"', '"log":"Not ')
    const sql = 'UPDATE entries SET record = ?, hash = ? WHERE ledger = ? AND sequence = 2'
    await tamper(sql, record, await leafHash(record), ledger)
    expect(await refusal()).toContain(`the first ${signedSize()} entries have another root`)
    expect(await audit()).toBe('edit 2')
  })

  it('edited personal data is shown by the export; data that is gone is not held against it', async () => {
    const personal = 'UPDATE entries SET personal ='
    await tamper(`${personal} replace(personal, '@example', '@elsewhere') WHERE sequence = 2`)
    expect(await audit()).toBe('edit 2')
    await run(`${personal} NULL WHERE sequence = 2`)
    expect(await audit()).toBe('good')
  })

  it('a deleted entry is refused, and shown by the export', async () => {
    await tamper('DELETE FROM entries WHERE ledger = ? AND sequence = 3', ledger)
    expect(await refusal()).toContain('entries are missing')
    expect(await audit()).toBe('deletion 3')
  })

  it('an entry that was put in is refused, and shown by the export', async () => {
    const { record, hash } = await rowAt(2)
    const forged = canonicalJson({ ...JSON.parse(record), sequence: 3, previous: hash })
    await tamper(
      'UPDATE entries SET sequence = -sequence WHERE ledger = ? AND sequence > 2',
      ledger,
    )
    await run(
      'UPDATE entries SET sequence = 1 - sequence WHERE ledger = ? AND sequence < 0',
      ledger,
    )
    await run(
      `INSERT INTO entries (ledger, sequence, hash, change_id, action, actor_kind, resource_type,
        created_at, record) VALUES (?, 3, ?, 'x', 'project.created', 'user', 'PROJECT', 1, ?)`,
      ledger,
      await leafHash(forged),
      forged,
    )
    expect(await refusal()).toContain('have another root')
    expect(await audit()).toBe('insertion 3')
  })

  it('two entries that changed places are refused, and shown by the export', async () => {
    const [first, second] = [await rowAt(2), await rowAt(3)]
    await tamper('UPDATE entries SET sequence = -1 WHERE ledger = ? AND sequence = 2', ledger)
    await run('UPDATE entries SET sequence = 2 WHERE hash = ?', second.hash)
    await run('UPDATE entries SET sequence = 3 WHERE hash = ?', first.hash)
    expect(await refusal()).toContain('have another root')
    expect(await audit()).toBe('swap 2')
  })

  it('an end that was cut off is refused, and shown by the export', async () => {
    await tamper('DELETE FROM entries WHERE ledger = ? AND sequence >= ?', ledger, signedSize())
    expect(await refusal()).toContain(`it has ${signedSize() - 1} entries and had ${signedSize()}`)
    expect(await audit()).toBe(`truncation ${signedSize()}`)
  })

  it('an end that was cut off and grew again is refused, and shown by the export', async () => {
    await tamper('DELETE FROM entries WHERE ledger = ? AND sequence >= ?', ledger, signedSize())
    await change('Elsewhere')
    await change('And more')
    // The ledger knows its head and goes on behind it: a gap stays.
    expect(await refusal()).toContain('entries are missing')
    expect(await audit()).toBe(`deletion ${signedSize()}`)
  })
})

describe('a promise', () => {
  it('is not taken back while the trigger stands', async () => {
    const update = run('UPDATE checkpoints SET size = 1 WHERE ledger = ?', ledger)
    await expect(update).rejects.toThrow('a checkpoint is never taken back')
  })

  it('holds although its row is gone, as after a restore of the database: KV has seen it', async () => {
    await tamper('DELETE FROM entries WHERE ledger = ? AND sequence >= ?', ledger, signedSize())
    await run('DELETE FROM checkpoints WHERE ledger = ?', ledger)
    expect(await refusal()).toContain(`it has ${signedSize() - 1} entries and had ${signedSize()}`)
    expect(await audit()).toBe(`truncation ${signedSize()}`)
  })

  it('that is forgotten everywhere leaves it to the auditor, who has not forgotten', async () => {
    await tamper('DELETE FROM entries WHERE ledger = ? AND sequence >= ?', ledger, signedSize())
    await run('DELETE FROM checkpoints WHERE ledger = ?', ledger)
    await env.DOCUMENTS.delete(`checkpoint:${ledger}`)
    expect((await get('checkpoint/')).status).toBe(200)
    expect(await audit()).toBe(`truncation ${signedSize()}`)
  })
})

describe('what was not signed yet', () => {
  it('can be replaced, chain and all, without anybody noticing: so sign often', async () => {
    const { sequence } = (await rows()).at(-1) ?? { sequence: 0 }
    const record = (await rowAt(sequence)).record.replace('"log":"', '"log":"Not ')
    const sql = 'UPDATE entries SET record = ?, hash = ? WHERE ledger = ? AND sequence = ?'
    await tamper(sql, record, await leafHash(record), ledger, sequence)
    expect(await audit()).toBe('good')
  })
})

it('whoever asks for a refused checkpoint changes nothing', async () => {
  await tamper('DELETE FROM entries WHERE ledger = ? AND sequence = 3', ledger)
  await refusal()
  const promised = () =>
    env.DB.prepare('SELECT size FROM checkpoints WHERE ledger = ?').bind(ledger).first()
  expect(await promised()).toEqual({ size: signedSize() })
  expect((await done(world.api<unknown[]>('GET', 'projects/'))).length).toBeGreaterThan(1)
})
