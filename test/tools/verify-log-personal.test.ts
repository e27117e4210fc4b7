/** Personal data beside the records: it may be gone, and it may not be another. */
import { createHmac } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/write.ts'
import { canonicalJson, noHash } from '../../src/ledger/chain.ts'
import { check, inShort, type Line, lastLine, lineOf, noteOver } from './audit-log.ts'

type Part = JsonObject & { salt: string }

/** As the brief of record version 2 says it, by another HMAC than the verifier's. */
const commitmentTo = ({ salt, ...told }: Part): string =>
  createHmac('sha256', Buffer.from(salt, 'base64')).update(canonicalJson(told)).digest('hex')

const saltOf = (text: string) => Buffer.from(text.padEnd(16, '.')).toString('base64')

const actorOf = (sequence: number): Part => ({
  ip: '192.0.2.1',
  name: `Zoë 😀 ${sequence}`,
  salt: saltOf(`a${sequence}`),
  user_agent: null,
})

const subjectOf = (sequence: number): Part => ({
  after: { 10: 'ten', 9: 'nine', email: `user-${sequence}@example.com` },
  // Longer than the verifier's first room for it.
  log: `User created: ${'ü'.repeat(sequence * 700)}`,
  salt: saltOf(`s${sequence}`),
})

/** Every third entry is about a person, every fourth is of the time before version 2. */
function committed(sequence: number, previous: string): Line {
  if (sequence % 4 === 0) return lineOf(sequence, previous)
  const actor = actorOf(sequence)
  const personal = sequence % 3 === 0 ? { actor, subject: subjectOf(sequence) } : { actor }
  const commitment = Object.fromEntries(
    Object.entries(personal).map(([name, part]) => [name, commitmentTo(part)]),
  )
  const line = lineOf(sequence, previous, { v: 2, actor: { kind: 'user', id: '1' }, commitment })
  return { ...line, personal: canonicalJson(personal) }
}

const log: Line[] = []
while (log.length < 12) log.push(committed(log.length + 1, log.at(-1)?.hash ?? noHash))
let last: string

beforeAll(async () => {
  last = lastLine(await noteOver(log))
})

const at = (sequence: number): Line => log[sequence - 1] as Line

/** The log with another personal text at a place; undefined: none at all. */
function told(sequence: number, personal: string | undefined): Line[] {
  const { personal: _, ...line } = at(sequence)
  return log.with(sequence - 1, personal === undefined ? line : { ...line, personal })
}

const judge = async (lines: Line[]) => inShort(await check(lines, { last }))

type Parts = { [name: string]: JsonObject }

const changed = (sequence: number, change: (parts: Parts) => unknown): Line[] => {
  const parts = JSON.parse(at(sequence).personal ?? '{}') as Parts
  change(parts)
  return told(sequence, canonicalJson(parts))
}

describe('personal data', () => {
  it('that was let alone is good', async () => {
    const verdict = await check(log, { last })
    expect(verdict).toMatchObject({ kind: 'good', entries: 12 })
    expect(JSON.stringify(verdict)).not.toContain('erased')
  })

  it('that was erased, in part or in whole, is told and leaves the log good', async () => {
    const { personal: _, ...bare } = at(1)
    const part = canonicalJson({ subject: subjectOf(3) })
    const lines = told(3, part).with(0, bare)
    lines[4] = { ...at(5), personal: null as unknown as string }
    const verdict = await check(lines, { last })
    expect(verdict).toMatchObject({ kind: 'good' })
    expect(verdict.kind === 'good' && verdict.lines).toContain('erased: personal data of 3 entries')
  })

  it('is an edit when any member of any part of it is another', async () => {
    for (const sequence of [1, 2, 3, 5, 6, 7, 9, 10, 11]) {
      const parts = JSON.parse(at(sequence).personal ?? '') as Parts
      for (const [name, part] of Object.entries(parts)) {
        for (const member of Object.keys(part)) {
          const expected = `edit ${sequence}`
          const other = member === 'salt' ? saltOf('other') : 'other'
          const edited = changed(sequence, (all) =>
            Object.assign(all[name] ?? {}, { [member]: other }),
          )
          expect(await judge(edited), `${sequence} ${name}.${member}`).toBe(expected)
          const without = changed(sequence, (all) => delete all[name]?.[member])
          expect(await judge(without), `${sequence} ${name}.${member}`).toBe(expected)
        }
        const more = changed(sequence, (all) => Object.assign(all[name] ?? {}, { more: 1 }))
        expect(await judge(more), `${sequence} ${name}`).toBe(`edit ${sequence}`)
      }
    }
  })

  it('is an edit when it is that of another entry or of another part', async () => {
    expect(await judge(told(1, at(2).personal))).toBe('edit 1')
    expect(await judge(told(3, canonicalJson({ subject: actorOf(3) })))).toBe('edit 3')
    expect(await judge(told(1, canonicalJson({ actor: actorOf(1), subject: actorOf(1) })))).toBe(
      'edit 1',
    )
  })

  it('is an edit where the record was committed to none', async () => {
    expect(await judge(told(4, at(1).personal))).toBe('edit 4')
    expect(await judge(told(4, canonicalJson({ constructor: actorOf(4) })))).toBe('edit 4')
  })

  it.each([
    '',
    '{',
    '"actor"',
    '{"actor":null}',
    '{"actor":"x"}',
    '{"actor":[]}',
    '{"actor":{}}',
    '{"actor":{"salt":1}}',
    '{"actor":{"salt":""}}',
    '[]',
  ])('is an edit when it is none: %s', async (personal) => {
    expect(await judge(told(1, personal))).toBe('edit 1')
  })

  it('is an edit when its salt is not of sixteen bytes, whatever it was committed to', async () => {
    for (const bytes of [0, 15, 17, 65]) {
      const part = { ...actorOf(1), salt: Buffer.alloc(bytes, 'x').toString('base64') }
      const line = lineOf(1, noHash, { v: 2, commitment: { actor: commitmentTo(part) } })
      const own = lastLine(await noteOver([line]))
      const lines = [{ ...line, personal: canonicalJson({ actor: part }) }]
      expect(inShort(await check(lines, { last: own })), `${bytes}`).toBe('edit 1')
    }
  })

  it('is no matter of how it is written, only of what it says', async () => {
    const { actor } = JSON.parse(at(1).personal ?? '') as { actor: JsonObject }
    const backwards = Object.fromEntries(Object.entries(actor).reverse())
    expect(await judge(told(1, JSON.stringify({ actor: backwards }, null, 1)))).toBe('good')
  })
})
