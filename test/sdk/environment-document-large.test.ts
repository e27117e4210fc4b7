import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { chunkCharacters } from '../../src/document/override-pages.ts'
import type { Env } from '../../src/env.ts'
import { pageRows } from '../../src/storage/identity-overrides.ts'
import {
  askWith,
  createServedWorld,
  insertOverrides,
  publish,
  type ServedDocument,
} from './documents.ts'

const overrides = 100_000

/** What the endpoint takes from the database and what the client has of it. */
type Balance = { pages: number; rows: number; mostRows: number; given: number; mostHeld: number }

/** At every page: how many overrides the endpoint still holds of those before. */
function weighed(balance: Balance): Env {
  const DB = new Proxy(env.DB, {
    get: (target, name) => {
      const member = Reflect.get(target, name)
      if (name !== 'batch') return member.bind(target)
      return async (statements: D1PreparedStatement[]) => {
        balance.mostHeld = Math.max(balance.mostHeld, balance.rows - balance.given)
        const results = await target.batch(statements)
        const sizes = results.map((result) => result.results.length)
        balance.pages += 1
        balance.rows += sizes[0] ?? 0
        balance.mostRows = Math.max(balance.mostRows, ...sizes)
        return results
      }
    },
  })
  return { ...env, DB }
}

/** The chunks as they come, with what they hold weighed against what was taken. */
async function readChunks(response: Response, balance: Balance): Promise<string[]> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  const chunks: string[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return chunks
    const chunk = decoder.decode(value, { stream: true })
    chunks.push(chunk)
    balance.given += chunk.split('"composite_key"').length - 1
  }
}

it('a hundred thousand overrides stream through the memory of a page and a chunk', async () => {
  const world = await createServedWorld()
  for (let to = 20_000; to <= overrides; to += 20_000) {
    await insertOverrides(world, { from: to - 19_999, to })
  }
  await publish(world)
  const balance = { pages: 0, rows: 0, mostRows: 0, given: 0, mostHeld: 0 }
  const path = '/environment-document/'
  const response = await askWith(weighed(balance), path, { key: world.serverKey })
  expect(balance.pages).toBe(1)
  const chunks = await readChunks(response, balance)

  expect(balance).toMatchObject({ pages: overrides / pageRows + 1, mostRows: pageRows })
  expect(balance.mostHeld).toBeLessThan(500)
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(chunkCharacters + 1_000)

  const document = JSON.parse(chunks.join('')) as ServedDocument
  expect(document.identity_overrides).toHaveLength(overrides)
  const wrong = document.identity_overrides.filter(
    ({ identifier, identity_features: [state] }, index) =>
      identifier !== `user-${index + 1}` || state?.feature_state_value !== `value ${index + 1}`,
  )
  expect(wrong.slice(0, 3)).toEqual([])
}, 120_000)
