import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { publishDocument } from '../../src/document/publish.ts'
import { commit, ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { getDocument } from '../../src/storage/documents.ts'
import { entries } from '../../src/storage/entries.ts'
import { wholeRecord } from '../../src/storage/records.ts'
import { bodiesOf, listen } from '../support/listening.ts'
import { alice, createFlagWorld, putIdentity, source, type World, write } from '../support/world.ts'

let world: World
let segmentId: number

const rules = [
  {
    type: 'ALL',
    rules: [
      {
        type: 'ANY',
        rules: [],
        conditions: [{ operator: 'EQUAL', property: 'plan', value: 'gold', description: 'kept' }],
      },
    ],
    conditions: [],
  },
]

beforeEach(async () => {
  world = await createFlagWorld()
  await listen(world.organisationId, world.environment.id)
  const segment = await write(world.organisationId, 'segment.create', {
    projectId: world.projectId,
    featureId: null,
    settings: { name: 'gold members', description: null, rules },
  })
  segmentId = segment.id
})

const addLink = (priority?: number) =>
  write(world.organisationId, 'feature-segment.create', {
    environmentId: world.environment.id,
    featureId: world.featureId,
    segmentId,
    ...(priority === undefined ? {} : { priority }),
  })

const addOverride = async () => {
  const link = await addLink()
  const { state } = await write(world.organisationId, 'override.create', {
    environmentId: world.environment.id,
    featureId: world.featureId,
    target: { kind: 'segment', featureSegmentId: link.id },
    changes: { enabled: true, value: 'golden' },
  })
  return { link, state }
}

const published = async () => {
  await publishDocument(env, world.environment.id)
  return getDocument(env.DOCUMENTS, world.environment.id)
}

const lastEntry = async () => {
  const rows = await openDatabase(env.DB).select().from(entries)
  return wholeRecord(rows.at(-1) ?? { record: '{}' })
}

describe('a segment override', () => {
  it('is published with its segment, rules as sent, priority and own state', async () => {
    const { link, state } = await addOverride()
    const [segment] = (await published())?.segments ?? []
    expect(segment).toMatchObject({
      id: segmentId,
      name: 'gold members',
      rules: [
        {
          type: 'ALL',
          rules: [
            {
              type: 'ANY',
              conditions: [{ operator: 'EQUAL', property: 'plan', value: 'gold' }],
            },
          ],
        },
      ],
      overrides: [
        {
          featureId: world.featureId,
          featureSegmentId: link.id,
          priority: 0,
          state: { id: state.id, enabled: true, value: 'golden' },
        },
      ],
    })
  })

  it('does not show among the environment defaults', async () => {
    await addOverride()
    const document = await published()
    expect(document?.features.map((feature) => feature.state.value)).toEqual(['blue'])
  })

  it('tells its segment in the event and in the log', async () => {
    await addOverride()
    const told = (await bodiesOf(world.environment.id)).map(({ data }) => data.new_state)
    const segment = { id: segmentId, name: 'gold members', description: null }
    expect(told).toEqual([expect.objectContaining({ feature_segment: { segment, priority: 0 } })])
    expect((await lastEntry()).log).toBe(
      "Flag state / Remote config value updated for feature 'banner' and segment 'gold members'",
    )
  })

  it('exists once for a segment and a feature', async () => {
    await addOverride()
    await expect(addLink()).rejects.toThrow('segment override already exists')
  })

  it('goes with its link, and what was weaker moves up', async () => {
    const { link } = await addOverride()
    const other = await write(world.organisationId, 'segment.create', {
      projectId: world.projectId,
      featureId: null,
      settings: { name: 'others', description: null, rules },
    })
    segmentId = other.id
    expect((await addLink()).priority).toBe(1)
    await write(world.organisationId, 'feature-segment.delete', {
      environmentId: world.environment.id,
      id: link.id,
    })
    const document = await published()
    expect(document?.segments.flatMap((segment) => segment.overrides)).toEqual([])
    const { results } = await env.DB.prepare('SELECT priority FROM feature_segments').all()
    expect(results).toContainEqual({ priority: 0 })
  })

  it('of a segment of another project is refused', async () => {
    const stranger = await createFlagWorld()
    const order = {
      ledger: ledgerOf(stranger.organisationId),
      write: 'feature-segment.create' as const,
      input: {
        environmentId: stranger.environment.id,
        featureId: stranger.featureId,
        segmentId,
      },
      actor: alice,
      source,
    }
    expect(await commit(env, order)).toMatchObject({ kind: 'invalid' })
  })
})

describe('an identity override', () => {
  beforeEach(() => putIdentity(world.environment.id, { id: 77, identifier: 'ada' }))

  const place = () => ({
    environmentId: world.environment.id,
    featureId: world.featureId,
    target: { kind: 'identity' as const, id: 77, identifier: 'ada' },
  })

  it('takes what is left out from the environment, and stays out of the document', async () => {
    const { state } = await write(world.organisationId, 'override.create', {
      ...place(),
      changes: { enabled: true },
    })
    expect(state).toMatchObject({ enabled: true, stringValue: 'blue', identifier: 'ada' })
    const document = await published()
    expect(document?.features).toHaveLength(1)
    expect(JSON.stringify(document)).not.toContain('ada')
  })

  it('raises the version, so that every document of the environment is known to be old', async () => {
    const before = (await published())?.version ?? 0
    await write(world.organisationId, 'override.create', { ...place(), changes: {} })
    expect((await published())?.version).toBe(before + 1)
  })

  it('is deleted by its own identity only', async () => {
    const { state } = await write(world.organisationId, 'override.create', {
      ...place(),
      changes: {},
    })
    const remove = (identityId: number) =>
      write(world.organisationId, 'override.delete', {
        environmentId: world.environment.id,
        identityId,
        id: state.id,
      })
    await expect(remove(78)).rejects.toThrow('not-found')
    await remove(77)
    expect((await lastEntry()).log).toBe(
      "Flag state / Remote config value deleted for feature 'banner' and identity 'ada'",
    )
  })
})

it('a segment update with the rules it has already writes nothing', async () => {
  const count = async () => (await openDatabase(env.DB).select().from(entries)).length
  const before = await count()
  await write(world.organisationId, 'segment.update', {
    projectId: world.projectId,
    id: segmentId,
    settings: { rules: structuredClone(rules) },
  })
  expect(await count()).toBe(before)
})
