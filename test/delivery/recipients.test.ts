import { describe, expect, it } from 'vitest'
import { recipients } from '../../src/delivery/recipients.ts'

const event = {
  type: 'FLAG_UPDATED' as 'FLAG_UPDATED' | 'AUDIT_LOG_CREATED',
  projectId: 5 as number | null,
  organisationId: 3,
  environmentId: 7 as number | null,
  action: 'feature-state.updated',
  createdAt: 1_000,
}
const endpoint = {
  id: 1,
  organisationId: 3,
  environmentId: 7 as number | null,
  projectId: 5 as number | null,
  format: 'flagsmith' as 'flagsmith' | 'flipt' | 'standard',
  patterns: ['*:*'],
  createdAt: 500,
}

/** Null: it would be told, but for its patterns. */
const told = <W>(webhook: W, receives: boolean | null) =>
  receives === false ? [] : [{ webhook, isWanted: receives === true }]

describe('who receives an event', () => {
  it.each<[string, Partial<typeof endpoint>, boolean | null]>([
    ['an endpoint of the environment', {}, true],
    ['an endpoint of another environment', { environmentId: 8 }, false],
    ['an endpoint of the organisation', { environmentId: null }, true],
    ['an endpoint of another organisation', { environmentId: null, organisationId: 4 }, false],
    ['an endpoint added in the same millisecond', { createdAt: 1_000 }, true],
    ['an endpoint added after the event', { createdAt: 1_001 }, false],
    ['an endpoint that wants this noun', { patterns: ['feature-state:*'] }, true],
    ['an endpoint that wants this verb', { patterns: ['*:updated'] }, true],
    ['an endpoint that wants it twice', { patterns: ['*:*', 'feature-state:updated'] }, true],
    ['an endpoint that wants another noun', { patterns: ['segment:*'] }, null],
    ['an endpoint that wants another verb', { patterns: ['feature-state:deleted'] }, null],
    ['an endpoint that wants nothing', { patterns: [] }, null],
    ['an endpoint in another format', { format: 'standard' }, false],
    ["Flipt's words where they are not meant", { patterns: ['flag:updated'] }, null],
  ])('%s', (_, difference, receives) => {
    const candidate = { ...endpoint, ...difference }
    expect(recipients(event, [candidate])).toEqual(told(candidate, receives))
  })

  it('every endpoint that qualifies, in the order given', () => {
    const second = { ...endpoint, id: 2 }
    const other = { ...endpoint, id: 3, environmentId: 8 }
    expect(recipients(event, [second, other, endpoint]).map(({ webhook }) => webhook.id)).toEqual([
      2, 1,
    ])
  })
})

describe('who receives an entry', () => {
  const entry = { ...event, type: 'AUDIT_LOG_CREATED' as const }
  const flipt = { ...endpoint, format: 'flipt' as const }
  const standard = { ...endpoint, format: 'standard' as const }
  const organisation = { environmentId: null, projectId: null }

  it.each<[string, Partial<typeof event>, typeof endpoint, boolean | null]>([
    ['in the original format, of an environment', {}, endpoint, false],
    ['in the original format, of the organisation', {}, { ...endpoint, ...organisation }, true],
    [
      'of no project, in the original format',
      { environmentId: null, projectId: null },
      { ...endpoint, ...organisation },
      false,
    ],
    ["in Flipt's format and words", {}, { ...flipt, patterns: ['flag:updated'] }, true],
    ["in Flipt's other words", {}, { ...flipt, patterns: ['segment:*'] }, null],
    ['in the standard format', {}, standard, true],
    ['of another environment', { environmentId: 8 }, standard, false],
    ['of the project as a whole', { environmentId: null }, standard, true],
    ['of another project', { environmentId: null, projectId: 6 }, standard, false],
    ['of no project', { environmentId: null, projectId: null }, standard, false],
    [
      'of no project, in the organisation',
      { environmentId: null, projectId: null },
      { ...standard, ...organisation },
      true,
    ],
  ])('%s', (_, difference, candidate, receives) => {
    expect(recipients({ ...entry, ...difference }, [candidate])).toEqual(told(candidate, receives))
  })
})
