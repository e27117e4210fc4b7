/** Every write about people, keys, projects and environments, with the entries that it makes. */
import { env } from 'cloudflare:workers'
import type { WriteName } from '../../../src/domain/register.ts'
import { ledgerOf } from '../../../src/ledger/client.ts'
import { growTree } from '../../../src/ledger/growth.ts'
import type { GrantPlace } from '../../../src/storage/grants.ts'
import { addMember } from '../../support/admin.ts'
import { createOldLog } from '../../support/old-log.ts'
import {
  ada,
  another,
  inEnvironment,
  inProject,
  made,
  newcomer,
  organisationId,
  type Row,
} from './scene.ts'

const inOrganisation = () => ({ organisationId })
const ofGroup = () => ({ ...inOrganisation(), id: made('group.create').id })

const grants = (): { place: GrantPlace; kind: 'user' } => ({
  place: { organisationId, ...inProject(), environmentId: null },
  kind: 'user',
})

let bob = { id: 0, email: '' }

/** In the order in which they are done. */
export const places = {
  'user.create': [
    'user.created session.created',
    () => ({
      ...ada,
      firstName: 'Ada',
      lastName: 'Byron',
      passwordHash: 'none',
      tokenHash: 'first',
      signUpType: null,
      inviteHash: null,
    }),
  ],
  'user.update': ['user.updated', () => ({ id: ada.id, settings: { firstName: 'Augusta' } })],
  'session.create': ['session.created', () => ({ userId: ada.id, tokenHash: 'second' })],
  'session.delete': ['session.deleted', () => ({ tokenHash: 'second' })],
  'organisation.create': [
    'organisation.created',
    () => ({ id: organisationId, creatorId: ada.id, settings: { name: 'Acme' } }),
  ],
  'organisation.update': [
    'organisation.updated',
    () => ({ id: organisationId, settings: { name: 'Apex' } }),
  ],
  'attempt.record': [
    'request.denied',
    () => ({
      action: 'request.denied',
      about: {
        resource: { type: 'ORGANISATION', id: String(organisationId), uuid: null, name: 'Apex' },
        organisationId,
        projectId: null,
        environment: null,
      },
      log: 'Denied',
      unrecorded: 0,
    }),
  ],
  'invite.create': [
    'invite.created',
    async () => {
      bob = await newcomer()
      const draft = { email: bob.email, hash: 'invite', role: 'USER' as const, groupIds: [] }
      return { organisationId, invitedBy: ada.id, drafts: [draft] }
    },
  ],
  'invite.renew': [
    'invite.renewed',
    () => ({ ...inOrganisation(), id: made('invite.create')[0]?.id ?? 0, hash: 'renewed' }),
  ],
  'invite.accept': [
    'membership.created invite.accepted',
    () => ({ hash: 'renewed', userId: bob.id }),
  ],
  'invite.delete': [
    'invite.deleted',
    async () => {
      const draft = { email: 'x@example.com', hash: 'other', role: 'USER' as const, groupIds: [] }
      const invites = { organisationId, invitedBy: ada.id, drafts: [draft] }
      return { organisationId, id: (await another('invite.create', invites))[0]?.id ?? 0 }
    },
  ],
  'invite-link.create': [
    'invite-link.created',
    () => ({ organisationId, hash: 'link', sealed: 'link', role: 'USER', expiresAt: null }),
  ],
  'invite-link.accept': [
    'membership.created',
    async () => ({ hash: 'link', userId: (await newcomer()).id }),
  ],
  'invite-link.delete': [
    'invite-link.deleted',
    () => ({ ...inOrganisation(), id: made('invite-link.create').id }),
  ],
  'membership.update-role': [
    'membership.updated',
    () => ({ ...inOrganisation(), userId: bob.id, role: 'ADMIN' }),
  ],
  'membership.remove': [
    'membership.deleted',
    async () => {
      const { id } = await newcomer()
      await addMember(organisationId, id, 'USER')
      return { organisationId, userIds: [id] }
    },
  ],
  'audit.erase': [
    'audit.erased',
    () => ({
      log: { ledger: ledgerOf(organisationId), organisationId },
      erased: { kind: 'user' as const, id: bob.id },
    }),
  ],
  'audit.set-retention': [
    'audit.retention-updated',
    () => ({ organisationId, days: 365, floorDays: 90 }),
  ],
  'audit.prune': [
    'audit.pruned',
    async () => {
      const { id, ledger } = await createOldLog(256, () => 401)
      await growTree(env, ledger)
      return { organisationId: id, ledger, through: 256, root: '', floorDays: 90 }
    },
  ],
  'group.create': ['group.created', () => ({ organisationId, settings: { name: 'Crew' } })],
  'group.update': ['group.updated', () => ({ ...ofGroup(), settings: { name: 'Staff' } })],
  'group.add-users': ['group.updated', () => ({ ...ofGroup(), userIds: [bob.id] })],
  'group.set-admin': ['group.updated', () => ({ ...ofGroup(), userId: bob.id, isAdmin: true })],
  'group.remove-users': ['group.updated', () => ({ ...ofGroup(), userIds: [bob.id] })],
  'group.delete': ['group.deleted', ofGroup],
  'organisation-key.create': [
    'organisation-key.created',
    () => ({
      organisationId,
      prefix: 'prefixed',
      hash: 'key',
      createdBy: ada.id,
      settings: { name: 'ci' },
    }),
  ],
  'organisation-key.update': [
    'organisation-key.updated',
    () => ({ organisationId, prefix: 'prefixed', settings: { name: 'cd' } }),
  ],
  'organisation-key.delete': [
    'organisation-key.deleted',
    () => ({ organisationId, prefix: 'prefixed' }),
  ],
  'project.create': ['project.created', () => ({ organisationId, settings: { name: 'Shop' } })],
  'project.update': [
    'project.updated',
    () => ({ id: made('project.create').id, settings: { name: 'Store' } }),
  ],
  'grant.create': [
    'permission.granted',
    () => ({
      at: grants(),
      holderId: bob.id,
      settings: { permissions: ['VIEW_PROJECT'], admin: false },
    }),
  ],
  'grant.update': [
    'permission.updated',
    () => ({ at: grants(), id: made('grant.create').id, settings: { admin: true } }),
  ],
  'grant.delete': ['permission.removed', () => ({ at: grants(), id: made('grant.create').id })],
  'environment.create': [
    'environment.created',
    () => ({ ...inProject(), settings: { name: 'Live' } }),
  ],
  'environment.update': [
    'environment.updated',
    () => ({ id: made('environment.create').id, settings: { description: 'for all' } }),
  ],
  'environment-key.create': [
    'environment-key.created',
    () => ({ ...inEnvironment(), hash: 'server', sealed: 'server', settings: { name: 'ci' } }),
  ],
  'environment-key.update': [
    'environment-key.updated',
    () => ({
      ...inEnvironment(),
      id: made('environment-key.create').id,
      settings: { active: false },
    }),
  ],
  'environment-key.delete': [
    'environment-key.deleted',
    () => ({ ...inEnvironment(), id: made('environment-key.create').id }),
  ],
  'environment-key.rotate': [
    'environment-key.rotated',
    () => ({ ...inEnvironment(), leewayHours: 1 }),
  ],
  'environment-key.abort-rotation': ['environment-key.rotation-aborted', inEnvironment],
  'environment-key.complete-rotation': [
    'environment-key.rotation-completed',
    async () => {
      await another('environment-key.rotate', { ...inEnvironment(), leewayHours: 1 })
      return inEnvironment()
    },
  ],
  'environment-key.end-rotation': [
    'environment-key.rotation-completed',
    async () => {
      await another('environment-key.rotate', { ...inEnvironment(), leewayHours: 1 })
      await env.DB.prepare('UPDATE key_rotations SET ends_at = 1').run()
      return inEnvironment()
    },
  ],
} satisfies { [N in WriteName]?: Row<N> }
