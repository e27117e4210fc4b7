/**
 * Large changes under the same faults: whatever call fails, in whatever way, a deleted project is gone
 * whole or there whole, an imported one there whole or not at all, and a key rotated or not. The log
 * says which, and the alarm alone brings KV to what D1 says.
 */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { asc, eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { ProjectFile } from '../../src/domain/project-file.ts'
import type { InputOf, WriteName } from '../../src/domain/register.ts'
import { ledgerOf } from '../../src/ledger/client.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { entries } from '../../src/storage/entries.ts'
import { environments } from '../../src/storage/environments.ts'
import { type Fault, modes, type Rig, rigLedger } from '../support/faults.ts'
import { checkFold, forgetRows } from '../support/fold.ts'
import { checkChain, checkDocument, settleByAlarm } from '../support/invariants.ts'
import { alice, createOrganisation, source, write } from '../support/world.ts'

type Size = { features: number; environments: number }
type Shape = Record<string, number>
type Asked<N extends WriteName = WriteName> = {
  [K in N]: { write: K; input: InputOf<K>; action: string }
}[N]

const fileOf = (name: string, { features, environments: count }: Size): ProjectFile => {
  const names = Array.from({ length: features }, (_, index) => `feature_${index}`)
  const state = (feature: string) => ({ feature, enabled: true, value: 'blue', shares: [] })
  return {
    project: {
      name,
      hideDisabledFlags: false,
      preventFlagDefaults: false,
      enableRealtimeUpdates: false,
      onlyAllowLowerCaseFeatureNames: true,
      featureNameRegex: null,
      staleFlagsLimitDays: 30,
      enforceFeatureOwners: false,
      maxFeaturesAllowed: 1000,
      maxSegmentsAllowed: 500,
      maxSegmentOverridesAllowed: 2000,
      maxSegmentConditionsAllowed: 100,
      maxFeatureValueBytes: 20000,
    },
    tags: [{ label: 'tag', color: '#6837FC', description: null, isPermanent: false }],
    features: names.map((feature) => ({
      name: feature,
      type: 'STANDARD',
      description: null,
      initialValue: null,
      defaultEnabled: false,
      isArchived: false,
      isServerKeyOnly: false,
      tags: [0],
      options: [],
    })),
    segments: [
      { name: 'all', description: null, feature: null, rules: [{ type: 'ALL', conditions: [] }] },
    ],
    environments: Array.from({ length: count }, (_, index) => ({
      settings: {
        name: `Environment ${index}`,
        description: null,
        allowClientTraits: true,
        bannerText: null,
        bannerColour: null,
        hideDisabledFlags: null,
        hideSensitiveData: false,
        useIdentityCompositeKeyForHashing: true,
        useIdentityOverridesInLocalEval: true,
      },
      states: names.map(state),
      segmentOverrides: [{ ...state('feature_0'), segment: 0, priority: 0 }],
      identityOverrides: [{ ...state('feature_0'), identifier: 'ada' }],
    })),
  }
}

const counted: [name: string, table: string, own: string][] = [
  ['projects', 'projects', 'organisation_id = ?1'],
  ...['tags', 'features', 'segments', 'environments'].map((table): [string, string, string] => [
    table,
    table,
    'project_id IN (SELECT id FROM projects WHERE organisation_id = ?1)',
  ]),
]

/** How many rows of each kind the organisation has; states by what is left of their features. */
async function measure(organisationId: number): Promise<Shape> {
  const shape: Shape = {}
  for (const [name, table, own] of counted) {
    const statement = env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${own}`)
    shape[name] = (await statement.bind(organisationId).first<{ n: number }>())?.n ?? -1
  }
  for (const table of ['feature_states', 'feature_segments', 'feature_tags', 'key_rotations']) {
    shape[table] =
      (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n ?? -1
  }
  return shape
}

const imported = async (organisationId: number, size: Size) => {
  const file = fileOf('Shop', size)
  const project = await write(organisationId, 'project.import', {
    organisationId,
    file,
    dryRun: false,
  })
  if (project === null) throw new Error('a dry run')
  return project.id
}

const environmentsOf = (projectId: number) =>
  openDatabase(env.DB)
    .select()
    .from(environments)
    .where(eq(environments.projectId, projectId))
    .orderBy(asc(environments.id))

type Scenario = (organisationId: number, size: Size) => Promise<Asked>

const scenarios: Record<string, Scenario> = {
  'the deletion of a project': async (organisationId, size) => {
    const id = await imported(organisationId, size)
    return { write: 'project.delete', input: { id }, action: 'project.deleted' }
  },
  'the import of a project': async (organisationId, size) => ({
    write: 'project.import',
    input: { organisationId, file: fileOf('Shop', size), dryRun: false },
    action: 'project.imported',
  }),
  'the clone of an environment': async (organisationId, size) => {
    const [environment] = await environmentsOf(await imported(organisationId, size))
    const input = { id: environment?.id ?? 0, name: 'Clone' }
    return { write: 'environment.clone', input, action: 'environment.created' }
  },
  'the rotation of a key': async (organisationId, size) => {
    const [environment] = await environmentsOf(await imported(organisationId, size))
    const input = { environmentId: environment?.id ?? 0, leewayHours: 1 }
    return { write: 'environment-key.rotate', input, action: 'environment-key.rotated' }
  },
}

/** What is gone is served no more. */
async function checkPublished(environmentId: number): Promise<string[]> {
  if ((await env.DOCUMENTS.get(`document:${environmentId}`)) === null) {
    const rows = await openDatabase(env.DB)
      .select()
      .from(environments)
      .where(eq(environments.id, environmentId))
    return rows.length === 0 ? [] : [`document ${environmentId} is missing`]
  }
  return checkDocument(environmentId)
}

type Run = { rig: Rig; found: string[] }

const told = async (ledger: string, action: string) =>
  (await openDatabase(env.DB).select().from(entries).where(eq(entries.ledger, ledger))).filter(
    (row) => row.action === action,
  ).length

/** What the change makes of the organisation when nothing fails, table by table. */
const expectations = new Map<string, Shape>()

const difference = (before: Shape, after: Shape): Shape =>
  Object.fromEntries(
    Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]),
  )

async function run(name: string, size: Size, fault: Fault | null): Promise<Run> {
  const organisationId = await createOrganisation()
  const ledger = ledgerOf(organisationId)
  const asked = await scenarios[name]?.(organisationId, size)
  if (asked === undefined) throw new Error(`no scenario ${name}`)
  const stub = env.LEDGER.getByName(ledger)
  await settleByAlarm(ledger)
  // Not there yet when nothing came before the change.
  await evictDurableObject(stub).catch(() => undefined)
  const watched = new Set(
    (await openDatabase(env.DB).select().from(environments)).map(({ id }) => id),
  )
  const toldBefore = await told(ledger, asked.action)
  const before = await measure(organisationId)
  const rig = await runInDurableObject(stub, (instance, state) =>
    rigLedger(instance, state, { ledger, fault, mutant: null }),
  )
  const order = { ledger, write: asked.write, input: asked.input, actor: alice, source }
  const answer = await stub.commit(order).catch(() => null)
  const left = await settleByAlarm(ledger)

  const change = difference(before, await measure(organisationId))
  const news = (await told(ledger, asked.action)) - toldBefore
  const key = `${name} ${JSON.stringify(size)}`
  if (fault === null) expectations.set(key, change)
  const whole = JSON.stringify(expectations.get(key))
  const applied = JSON.stringify(change) === whole
  const untouched = Object.values(change).every((count) => count === 0)
  for (const { id } of await openDatabase(env.DB).select().from(environments)) watched.add(id)
  const documents = await Promise.all([...watched].map(checkPublished))
  const found = [
    ...(applied || untouched ? [] : [`half done: ${JSON.stringify(change)} of ${whole}`]),
    ...(answer !== null && !applied ? ['acknowledged but not applied'] : []),
    ...(news > 0 === applied ? [] : [`${news} entries, applied: ${applied}`]),
    ...(left === 0 ? [] : [`${left} rows stay in the outbox`]),
    ...(await checkChain(ledger)),
    ...documents.flat(),
    ...(await checkFold(['organisations'])),
  ]
  await env.DB.prepare('DELETE FROM projects WHERE organisation_id = ?').bind(organisationId).run()
  forgetRows()
  return { rig, found }
}

const small: Size = { features: 2, environments: 1 }
const large: Size = { features: 200, environments: 20 }

/** The others fail in the harder ways only: with effect, and with the answer lost. */
const isLarge = (name: string) => /deletion|import/.test(name)

describe.each(Object.keys(scenarios))('%s', (name) => {
  it('does what it says when nothing fails', async () => {
    const { found } = await run(name, small, null)
    expect(found).toEqual([])
    expect(Object.values(expectations.get(`${name} ${JSON.stringify(small)}`) ?? {})).not.toEqual(
      expect.arrayContaining([Number.NaN]),
    )
  })

  it.each(isLarge(name) ? modes : modes.filter((mode) => mode.endsWith('after')))(
    'is all or nothing when any one of its calls fails: %s',
    async (mode) => {
      let runs = 0
      for (let at = 1; ; at++) {
        const { rig, found } = await run(name, small, { at, mode })
        expect(found.map((text) => `${mode} call ${at} (${rig.calls[at - 1]}): ${text}`)).toEqual(
          [],
        )
        if (!rig.fired) break
        runs++
      }
      expect(runs).toBeGreaterThan(8)
    },
    240_000,
  )
})

describe('200 features in 20 environments', () => {
  it.each(['the deletion of a project', 'the import of a project'])(
    '%s is all or nothing around its batch',
    async (name) => {
      const { rig, found } = await run(name, large, null)
      expect(found).toEqual([])
      const batch = rig.calls.findIndex((call) => /^D1 batch of \d\d/.test(call)) + 1
      expect(batch).toBeGreaterThan(0)
      for (const mode of modes) {
        const faulty = await run(name, large, { at: batch, mode })
        expect({ mode, found: faulty.found }).toEqual({ mode, found: [] })
      }
    },
    240_000,
  )
})
