import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { InputOf, WriteName } from '../../src/domain/register.ts'
import { writes } from '../../src/domain/register.ts'
import type { Context, Plan } from '../../src/domain/write.ts'
import { noHash } from '../../src/ledger/chain.ts'
import { toBatch } from '../../src/ledger/commit.ts'
import type { Outcome } from '../../src/outcome.ts'
import { openDatabase, runBatch } from '../../src/storage/database.ts'
import { reserveIds } from '../../src/storage/ids.ts'
import { alice, createOrganisation, newFeature, source } from '../support/world.ts'

/** D1 takes no more statements than this in one invocation. */
const statementLimit = 1_000

const figures: string[] = []

/** Plans a write and applies its batch as the ledger would, without publishing anything. */
async function apply<N extends WriteName>(name: N, input: InputOf<N>) {
  const db = openDatabase(env.DB)
  const now = Date.now()
  const context: Context = {
    db,
    now,
    actor: alice,
    secret: '',
    reserve: (counts) => reserveIds(db, counts),
    homes: [],
  }
  const write = writes[name] as (
    context: Context,
    input: unknown,
  ) => Promise<Outcome<Plan<unknown>>>
  const outcome = await write(context, input)
  if (outcome.kind !== 'ok') throw new Error(`${name} refused: ${JSON.stringify(outcome)}`)
  const id = crypto.randomUUID()
  const change = { id, ledger: id, now, actor: alice, source }
  const standing = { head: { sequence: 0, hash: noHash }, listeners: [] }
  const { statements } = await toBatch(db, [{ change, plan: outcome.value }], standing)
  const started = Date.now()
  await runBatch(db, statements)
  return { statements: statements.length, ms: Date.now() - started, plan: outcome.value }
}

const count = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n

const resultOf = (applied: { plan: Plan<unknown> }) => applied.plan.result as { id: number }

let projectId: number

const fewOptions = [10, 20, 30].map((weight) => ({
  stringValue: `variant ${weight}`,
  defaultPercentageAllocation: weight,
}))

beforeAll(async () => {
  const organisationId = await createOrganisation()
  const settings = { name: 'Large' }
  projectId = resultOf(await apply('project.create', { organisationId, settings })).id
})

const addEnvironment = (name: string) =>
  apply('environment.create', { projectId, settings: { name } })

const addFeature = (name: string, options: object[]) =>
  apply('feature.create', { projectId, feature: { ...newFeature(name), options } })

describe('a large project', () => {
  it('of 120 multivariate features takes a new environment in one batch', async () => {
    for (let index = 0; index < 120; index++) await addFeature(`feature ${index}`, fewOptions)
    const applied = await addEnvironment('Environment 0')
    figures.push(`environment under 120 features: ${applied.statements} statements`)
    expect(applied.statements).toBeLessThan(statementLimit / 10)
    expect(await count('feature_states')).toBe(120)
    expect(await count('multivariate_values')).toBe(360)
  })

  it('of 150 environments takes a new feature of 100 options in one batch', async () => {
    await env.DB.exec('DELETE FROM features')
    for (let index = 1; index < 150; index++) await addEnvironment(`Environment ${index}`)
    const options = Array.from({ length: 100 }, (_, index) => ({
      key: `key-${index}`,
      stringValue: `variant ${index}`,
      defaultPercentageAllocation: 1,
    }))
    const applied = await addFeature('wide', options)
    figures.push(
      `feature of 100 options in 150 environments: ${applied.statements} statements, ${applied.ms} ms`,
    )
    expect(applied.statements).toBeLessThan(statementLimit / 4)
    expect(await count('feature_states')).toBe(150)
    expect(await count('multivariate_values')).toBe(15_000)
  })

  it('replaces all 100 options in 150 environments in one batch', async () => {
    const feature = await env.DB.prepare('SELECT id FROM features').first<{ id: number }>()
    const options = Array.from({ length: 100 }, () => ({ defaultPercentageAllocation: 1 }))
    const input = { projectId, id: feature?.id ?? 0, settings: {}, options }
    const applied = await apply('feature.update', input)
    figures.push(
      `100 options replaced in 150 environments: ${applied.statements} statements, ${applied.ms} ms`,
    )
    expect(applied.statements).toBeLessThan(statementLimit / 2)
    expect(await count('multivariate_options')).toBe(100)
    expect(await count('multivariate_values')).toBe(15_000)
  })

  it('loses a feature, and then everything, in one batch each', async () => {
    const feature = await env.DB.prepare('SELECT id FROM features').first<{ id: number }>()
    const deleted = await apply('feature.delete', { projectId, id: feature?.id ?? 0 })
    await addFeature('last', fewOptions)
    const emptied = await apply('project.delete', { id: projectId })
    figures.push(`feature deleted in 150 environments: ${deleted.statements} statements`)
    figures.push(`project of 150 environments deleted: ${emptied.statements} statements`)
    console.info(figures.join('\n'))
    expect(Math.max(deleted.statements, emptied.statements)).toBeLessThan(statementLimit / 4)
    for (const table of ['environments', 'features', 'feature_states', 'multivariate_values']) {
      expect(await count(table)).toBe(0)
    }
  })
})
