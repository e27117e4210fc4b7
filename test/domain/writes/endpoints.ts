/** Writes about webhooks and their deliveries: the entries that each makes, and what to do it with. */
import { env } from 'cloudflare:workers'
import type { WriteName } from '../../../src/domain/register.ts'
import { addDelivery } from '../../support/deliveries.ts'
import { another, inEnvironment, made, organisationId, type Row } from './scene.ts'

const home = () => ({ organisationId, ...inEnvironment() })
const endpoint = () => ({ home: home(), id: made('webhook.create').id })

const delivery = async () => {
  const at = { ...home(), webhookId: endpoint().id }
  return { ...endpoint(), deliveryId: await addDelivery(at) }
}

const rotating = async () => {
  const rotation = { sealedNextSecret: 'sealed', promoteAfterHours: 1 }
  await another('webhook.rotate-secret', { ...endpoint(), ...rotation })
  return endpoint()
}

/** In the order in which they are done. */
export const endpoints = {
  'webhook.create': [
    'webhook.created',
    () => ({ home: home(), settings: { url: 'http://127.0.0.1:9/' } }),
  ],
  'webhook.update': [
    'webhook.updated',
    () => ({ ...endpoint(), settings: { url: 'http://127.0.0.1:9/other' } }),
  ],
  'webhook.rotate-secret': [
    'webhook.secret-rotated',
    () => ({ ...endpoint(), sealedNextSecret: 'sealed', promoteAfterHours: 1 }),
  ],
  'webhook.abort-rotation': ['webhook.secret-rotation-aborted', endpoint],
  'webhook.promote-secret': ['webhook.secret-promoted', rotating],
  'webhook.end-rotation': [
    'webhook.secret-promoted',
    async () => {
      const at = await rotating()
      await env.DB.prepare('UPDATE webhooks SET promote_at = 1').run()
      return at
    },
  ],
  'delivery.resend': ['delivery.resent', delivery],
  'delivery.skip': ['delivery.skipped', delivery],
  'delivery.replay': [
    'delivery.replayed',
    async () => {
      await delivery()
      return { ...endpoint(), asked: { kind: 'dead' as const } }
    },
  ],
  'webhook.disable': ['webhook.disabled', () => ({ ...endpoint(), reason: 'failing' as const })],
  'webhook.delete': ['webhook.deleted', endpoint],
} satisfies { [N in WriteName]?: Row<N> }
