/** How long an organisation keeps its log, and what is answered about entries that it no longer has. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { administration } from '../../src/app.ts'
import { pruneLogs } from '../../src/ledger/pruning.ts'
import { api } from '../support/admin.ts'
import { at, createOldLog, type OldLog, retentionOf, rowsOf, textOf } from '../support/old-log.ts'

describe('what an organisation keeps', () => {
  const put = (log: OldLog, days: unknown) =>
    api('PUT', `${at(log)}/retention/`, { days }, log.auth)

  it('is 400 days unless it says otherwise, and that is an entry', async () => {
    const log = await createOldLog(1, () => 0)
    expect(await retentionOf(log)).toEqual({ days: 400, floor: 90, pruned_through: 0 })
    expect(await put(log, 90)).toMatchObject({
      status: 200,
      body: { days: 90, floor: 90, pruned_through: 0 },
    })
    expect(await put(log, '90')).toMatchObject({ status: 200 })
    const records = (await rowsOf(log)).map(({ record }) => JSON.parse(record))
    expect(records).toHaveLength(2)
    expect(records[1]).toMatchObject({
      action: 'audit.retention-updated',
      resource: { type: 'AUDIT_LOG', id: String(log.id), name: 'Old' },
      before: { audit_retention_days: 400 },
      after: { audit_retention_days: 90 },
    })
  })

  it('is one of three numbers of days', async () => {
    const log = await createOldLog(1, () => 0)
    for (const days of [0, 89, 91, 100_000]) {
      const refused =
        'Choose one of 90, 365, 400: this server keeps every audit log for at least 90 days.'
      expect(await put(log, days)).toMatchObject({ status: 400, body: { days: [refused] } })
    }
    for (const days of [null, undefined, 'x', -1, 1.5, 100_001, {}]) {
      expect(await put(log, days)).toMatchObject({
        status: 400,
        body: { days: [expect.any(String)] },
      })
    }
    expect(await rowsOf(log)).toHaveLength(1)
  })

  it('is never less than the operator’s floor, also when that is raised later', async () => {
    const log = await createOldLog(1, () => 0)
    await put(log, 90)
    const withFloor = async (floor: string, days?: number) => {
      const request = new Request(`http://localhost/api/v1/${at(log)}/retention/`, {
        method: days === undefined ? 'GET' : 'PUT',
        headers: { Authorization: log.auth, 'Content-Type': 'application/json' },
        ...(days !== undefined && { body: JSON.stringify({ days }) }),
      })
      const strict = { ...env, AUDIT_RETENTION_FLOOR_DAYS: floor }
      const response = await administration.fetch(request, strict)
      return { status: response.status, body: await response.json() }
    }
    expect(await withFloor('200')).toMatchObject({ body: { days: 200, floor: 200 } })
    expect(await withFloor('200', 90)).toEqual({
      status: 400,
      body: {
        days: ['Choose one of 365, 400: this server keeps every audit log for at least 200 days.'],
      },
    })
    expect(await withFloor('365', 365)).toMatchObject({ status: 200, body: { days: 365 } })
    expect(await withFloor('500', 400)).toEqual({
      status: 400,
      body: {
        days: ['This server keeps every audit log for 500 days: there is nothing to choose.'],
      },
    })
  })
})

it('an entry that is pruned is told to be, and what is there is listed', async () => {
  const log = await createOldLog(700, (n) => (n <= 520 ? 401 : 399))
  await pruneLogs(env, Date.now())
  for (const path of ['leaf/512/', 'entries/1/']) {
    const { status, body } = await api('GET', `${at(log)}/${path}`, undefined, log.auth)
    expect(status).toBe(404)
    expect(body).toEqual({ detail: expect.stringMatching(/is pruned: .* from 513 on/) })
  }
  for (const path of ['leaf/0/', 'leaf/999/', 'entries/999/']) {
    const { status, body } = await api('GET', `${at(log)}/${path}`, undefined, log.auth)
    expect({ status, body }).toEqual({ status: 404, body: { detail: 'Not found.' } })
  }
  expect(JSON.parse(await textOf(log, 'leaf/513/'))).toMatchObject({ sequence: 513 })
  type Listed = { results: { sequence: number }[]; next: string | null }
  const listed: number[] = []
  for (let next: string | null = `${at(log)}/entries/?order=asc&limit=60`; next !== null; ) {
    const page: Listed = (await api<Listed>('GET', next, undefined, log.auth)).body
    listed.push(...page.results.map(({ sequence }) => sequence))
    next = page.next && `${at(log)}/entries/?order=asc&limit=60&after=${page.next}`
  }
  expect(listed).toEqual(Array.from({ length: 189 }, (_, index) => 513 + index))
  const stream = JSON.parse(await textOf(log, 'stream/?after=5&limit=2'))
  expect(stream).toMatchObject({ results: [{ sequence: 513 }, { sequence: 514 }], next: 514 })
})
