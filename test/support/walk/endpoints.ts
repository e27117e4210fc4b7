/** Random writes about webhook endpoints, their secrets and what was sent to them. */
import { desc } from 'drizzle-orm'
import type { InputOf, WriteName } from '../../../src/domain/register.ts'
import { deliveries } from '../../../src/storage/deliveries.ts'
import { idOf, type Makers, type Walk } from './scene.ts'

type Name = Extract<WriteName, `webhook.${string}` | `delivery.${string}`>

const homeOf = ({ organisationId, environmentId }: Walk['scene']['webhooks'][number]) => ({
  organisationId,
  environmentId,
})

function endpoint(walk: Walk) {
  const row = walk.random.pick(walk.scene.webhooks)
  if (row === undefined) return null
  const input = { home: homeOf(row), id: idOf(walk, row) }
  return { row, organisationId: row.organisationId, input }
}

function asked(walk: Walk) {
  const found = endpoint(walk)
  return found && { organisationId: found.organisationId, input: found.input }
}

/** One of the newest: whatever became of it. */
async function delivery({ db, random, scene }: Walk) {
  const recent = await db
    .select({ id: deliveries.id, webhookId: deliveries.webhookId })
    .from(deliveries)
    .orderBy(desc(deliveries.createdAt), desc(deliveries.id))
    .limit(20)
  const one = random.pick(recent)
  const row = one && scene.webhooks.find(({ id }) => id === one.webhookId)
  if (one === undefined || row === undefined) return null
  const input = { home: homeOf(row), id: row.id, deliveryId: one.id }
  return { organisationId: row.organisationId, input }
}

export const endpoints: Makers<Name> = {
  'webhook.create': ({ random, scene, word }) => {
    const project = random.pick(scene.projects)
    if (project === undefined || scene.webhooks.length > 6) return null
    const environment = random.pick(
      scene.environments.filter(({ projectId }) => projectId === project.id),
    )
    const { organisationId } = project
    const environmentId = random.chance(0.5) ? (environment?.id ?? null) : null
    const settings = {
      url: `https://example.com/${word('hook')}`,
      sealedSecret: random.chance(0.5) ? word('sealed') : null,
      patterns: random.pick([['*:*'], ['flag:*', 'segment:updated']]) ?? ['*:*'],
    }
    return { organisationId, input: { home: { organisationId, environmentId }, settings } }
  },
  'webhook.update': (walk) => {
    const found = endpoint(walk)
    if (found === null) return null
    const { row, organisationId, input } = found
    const keyPair = { sealedPrivateKey: walk.word('sealed'), publicKey: walk.word('whpk') }
    const changes: InputOf<'webhook.update'>['settings'][] = [
      { enabled: !row.enabled, sealedSecret: walk.word('sealed') },
      { description: walk.word('text'), patterns: ['tag:*'] },
      row.publicKey === null ? keyPair : { sealedPrivateKey: null, publicKey: null },
    ]
    return { organisationId, input: { ...input, settings: walk.random.pick(changes) ?? {} } }
  },
  'webhook.delete': asked,
  'webhook.disable': (walk) => {
    const found = asked(walk)
    const reason = walk.random.chance(0.5) ? ('gone' as const) : ('failing' as const)
    return found && { ...found, input: { ...found.input, reason } }
  },
  'webhook.rotate-secret': (walk) => {
    const found = asked(walk)
    const promoteAfterHours = walk.random.chance(0.5) ? 0 : 24
    const rotation = { sealedNextSecret: walk.word('sealed'), promoteAfterHours }
    return found && { ...found, input: { ...found.input, ...rotation } }
  },
  'webhook.promote-secret': asked,
  'webhook.abort-rotation': asked,
  'webhook.end-rotation': asked,
  'delivery.resend': delivery,
  'delivery.skip': delivery,
  'delivery.replay': (walk) => {
    const found = asked(walk)
    const time = { kind: 'time' as const, from: 0, to: walk.now }
    return found && { ...found, input: { ...found.input, asked: time } }
  },
}
