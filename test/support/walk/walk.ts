/** A random walk over every write there is, through the ledgers, several at once. */
import { env } from 'cloudflare:workers'
import type { InputOf, WriteName } from '../../../src/domain/register.ts'
import type { Actor } from '../../../src/domain/write.ts'
import { commit, instanceLedger, ledgerOf } from '../../../src/ledger/client.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { source } from '../world.ts'
import { endpoints } from './endpoints.ts'
import { flags } from './flags.ts'
import { logs } from './logs.ts'
import { people } from './people.ts'
import { projects } from './projects.ts'
import { createRandom } from './random.ts'
import { inEnvironment, type Makers, readScene, type Walk, type Wish } from './scene.ts'

/** A write that is not here has no name in the register; one that is there and not here fails to compile. */
const makers: Makers<WriteName> = { ...people, ...projects, ...flags, ...endpoints, ...logs }
const names = Object.keys(makers) as WriteName[]

/** How much more often than once: what makes things outweighs what takes a lot away. */
const weights: Partial<Record<WriteName, number>> = {
  'organisation.delete': 0.25,
  'organisation.create': 2,
  'project.create': 3,
  'project.delete': 0.4,
  'environment.create': 3,
  'environment.delete': 0.6,
  'membership.remove': 0.6,
  'feature.create': 6,
  'feature.delete': 1.5,
  'segment.create': 4,
  'identity.create': 5,
  'override.create': 4,
  'feature-state.update': 8,
  'segment-override.create': 5,
  'flag.change': 4,
  'audit.revert': 4,
  'webhook.create': 3,
  'webhook.delete': 0.5,
}

export type Walked = {
  writes: number
  succeeded: Map<WriteName, number>
  refused: Map<WriteName, number>
}

type Order = { ledger: string; write: WriteName; input: never; actor: Actor; source: typeof source }

const toOrder = (write: WriteName, wish: Wish<WriteName>, actor: Actor): Order => {
  const { organisationId, input } = wish
  const ledger = organisationId === null ? instanceLedger : ledgerOf(organisationId)
  return { ledger, write, input: input as never, actor, source }
}

const systemActor: Actor = { kind: 'system', id: null, name: '', credential: null }
const keyActor: Actor = {
  kind: 'organisation-key',
  id: 'abcd1234',
  name: 'automation',
  credential: 'key:abcd1234',
}
const userActor = { kind: 'user', credential: 'token:0123456789ab' } as const

function actorOf({ random, scene }: Walk): Actor {
  const user = random.pick(scene.users)
  if (user === undefined || random.chance(0.1)) return systemActor
  if (random.chance(0.2)) return keyActor
  return { ...userActor, id: String(user.id), name: user.email }
}

/** By weight; late in the walk, what has never succeeded comes first. */
function draw({ random }: Walk, walked: Walked, isLate: boolean): WriteName {
  const missing = names.filter((name) => !walked.succeeded.has(name))
  if (isLate && random.chance(0.3)) {
    const name = random.pick(missing)
    if (name !== undefined) return name
  }
  const all = names.reduce((sum, name) => sum + (weights[name] ?? 1), 0)
  let at = (random.int(1_000_000) / 1_000_000) * all
  for (const name of names) {
    at -= weights[name] ?? 1
    if (at < 0) return name
  }
  return 'feature-state.update'
}

async function wishes(walk: Walk, walked: Walked, plan: { count: number; isLate: boolean }) {
  const orders: Order[] = []
  // Nothing may be there to ask a write of: then another is drawn, a few times.
  for (let left = plan.count * 5; left > 0 && orders.length < plan.count; left--) {
    const name = draw(walk, walked, plan.isLate)
    const wish = await (makers[name] as Makers<WriteName>[WriteName])(walk)
    if (wish !== null) orders.push(toOrder(name, wish as Wish<WriteName>, actorOf(walk)))
  }
  return orders
}

/** Changes of states in one ledger: those that wait together are committed together. */
function burst(walk: Walk, count: number): Order[] {
  const first = inEnvironment(walk, walk.scene.states)
  const own = walk.scene.states.filter(
    ({ environmentId }) => environmentId === first?.row.environmentId,
  )
  if (first === undefined) return []
  return own.slice(0, count).map(({ environmentId, id }) => {
    const input: InputOf<'feature-state.update'> = {
      environmentId,
      id,
      changes: { value: walk.word('value') },
    }
    const wish = { organisationId: first.organisationId, input }
    return toOrder('feature-state.update', wish, actorOf(walk))
  })
}

const together = 8

/** The first user and organisation are made by their writes, too. */
export async function walk(seed: number, count: number): Promise<Walked> {
  const db = openDatabase(env.DB)
  const random = createRandom(seed)
  const walked: Walked = { writes: 0, succeeded: new Map(), refused: new Map() }
  let words = 0
  const word = (beginning: string) => `${beginning.toLowerCase()}_${seed}_${++words}`
  const take = async (orders: Order[]) => {
    const outcomes = await Promise.allSettled(orders.map((order) => commit(env, order)))
    for (const [index, outcome] of outcomes.entries()) {
      const { write: name, input } = orders[index] as Order
      if (outcome.status === 'rejected') {
        const cause = { cause: outcome.reason }
        throw new Error(`seed ${seed}: ${name} ${JSON.stringify(input)} has thrown`, cause)
      }
      const counts = outcome.value.kind === 'ok' ? walked.succeeded : walked.refused
      counts.set(name, (counts.get(name) ?? 0) + 1)
      walked.writes++
    }
  }
  for (let round = 0; walked.writes < count; round++) {
    const scene = await readScene(db)
    const step: Walk = { db, now: Date.now(), random, scene, word }
    const isLate = walked.writes > count * 0.6
    if (scene.users.length === 0) {
      const wish = await makers['user.create'](step)
      if (wish !== null) await take([toOrder('user.create', wish, actorOf(step))])
    } else if (round % 4 === 3) await take(burst(step, together))
    else await take(await wishes(step, walked, { count: together, isLate }))
  }
  return walked
}

export const missingOf = ({ succeeded }: Walked): WriteName[] =>
  names.filter((name) => !succeeded.has(name))
