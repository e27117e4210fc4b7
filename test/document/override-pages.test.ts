import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { IdentityOverride } from '../../src/document/document-view.ts'
import { chunkCharacters, overrideChunks } from '../../src/document/override-pages.ts'
import type { Document } from '../../src/engine/document.ts'
import { openDatabase } from '../../src/storage/database.ts'
import {
  identityOverridePages,
  type OverridePage,
  pageBytes,
} from '../../src/storage/identity-overrides.ts'
import { insertOverrides } from '../sdk/documents.ts'
import { createFlagWorld } from '../support/world.ts'

const features = [1, 2, 3].map((id) => ({ id, name: `f${id}`, type: 'STANDARD' }))
const document = { environment: { id: 1, apiKey: 'key' }, features } as Document

const override = (identityId: number, featureId: number, value = 'on'): IdentityOverride => ({
  identityId,
  identifier: `user-${identityId}`,
  createdAt: 0,
  featureId,
  state: { id: 1, uuid: 'u', enabled: true, value, variants: [], seed: 1 },
})

async function chunksOf(pages: IdentityOverride[][]): Promise<string[]> {
  const chunks: string[] = []
  for await (const chunk of overrideChunks(document, pages)) chunks.push(chunk)
  return chunks
}

type Identity = { identifier: string; identity_features: { feature: { name: string } }[] }

async function grouped(pages: IdentityOverride[][]) {
  const identities = JSON.parse(`[${(await chunksOf(pages)).join('')}]`) as Identity[]
  return identities.map(({ identifier, identity_features }) => [
    identifier,
    ...identity_features.map((state) => state.feature.name),
  ])
}

describe('chunks of overrides', () => {
  it('put the features of an identity together, across pages too', async () => {
    const pages = [
      [override(1, 1), override(1, 2)],
      [override(1, 3), override(2, 1)],
      [override(2, 2)],
      [override(3, 3)],
    ]
    expect(await grouped(pages)).toEqual([
      ['user-1', 'f1', 'f2', 'f3'],
      ['user-2', 'f1', 'f2'],
      ['user-3', 'f3'],
    ])
  })

  it('leave out features that the document does not know, and identities that have no other', async () => {
    const pages = [[override(1, 9), override(1, 2)], [override(2, 9)], [override(3, 1)]]
    expect(await grouped(pages)).toEqual([
      ['user-1', 'f2'],
      ['user-3', 'f1'],
    ])
  })

  it('are nothing for nobody', async () => {
    expect(await grouped([])).toEqual([])
    expect(await grouped([[override(1, 9)]])).toEqual([])
  })

  it('are short, however long the page and however many features an identity has', async () => {
    const page = Array.from({ length: 5_000 }, (_, index) => override(1, (index % 3) + 1))
    const chunks = await chunksOf([page])
    expect(chunks.length).toBeGreaterThan(10)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(chunkCharacters + 1_000)
  })
})

describe('pages of overrides', () => {
  async function pagesOf(environmentId: number): Promise<OverridePage[]> {
    const pages: OverridePage[] = []
    for await (const page of identityOverridePages(openDatabase(env.DB), environmentId)) {
      pages.push(page)
    }
    return pages
  }

  it('end early when values are long, and never stay empty', async () => {
    const world = await createFlagWorld()
    const long = pageBytes / 2 + 1
    await insertOverrides(world, { from: 1, to: 7, value: `hex(zeroblob(${long / 2}))` })
    await insertOverrides(world, { from: 8, to: 8, value: `hex(zeroblob(${long}))` })
    const sizes = (await pagesOf(world.environment.id)).map((page) => page.states.length)
    expect(sizes).toEqual([2, 2, 2, 2])
  })

  it('hold every override of their environment once, in order, and no other', async () => {
    const [world, other] = [await createFlagWorld(), await createFlagWorld()]
    await insertOverrides(world, { from: 1, to: 30 })
    await insertOverrides(other, { from: 1, to: 5 })
    const states = (await pagesOf(world.environment.id)).flatMap((page) => page.states)
    expect(states.map((state) => state.identityId)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    )
    expect(states.every((state) => state.environmentId === world.environment.id)).toBe(true)
  })
})
