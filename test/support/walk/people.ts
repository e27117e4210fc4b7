/** Random writes about people: accounts, organisations, groups, invites, grants, keys. */
import type { WriteName } from '../../../src/domain/register.ts'
import type { GrantPlace, HolderKind } from '../../../src/storage/grants.ts'
import { idOf, type Makers, type Walk } from './scene.ts'

type Name = Extract<
  WriteName,
  | `user.${string}`
  | `session.${string}`
  | `organisation.${string}`
  | `membership.${string}`
  | `group.${string}`
  | `invite.${string}`
  | `invite-link.${string}`
  | `organisation-key.${string}`
  | `grant.${string}`
>

const organisation = ({ random, scene }: Walk) => random.pick(scene.organisations)
const role = ({ random }: Walk) => (random.chance(0.3) ? 'ADMIN' : 'USER')

const membersOf = ({ scene }: Walk, organisationId: number) =>
  scene.memberships.filter((member) => member.organisationId === organisationId)

function groupWithUsers(walk: Walk) {
  const group = walk.random.pick(walk.scene.groups)
  if (group === undefined) return null
  const { organisationId } = group
  const userIds = walk.random
    .some(membersOf(walk, organisationId), 3)
    .map(({ userId }) => idOf(walk, { id: userId }))
  return { organisationId, input: { organisationId, id: group.id, userIds } }
}

function placeOf(walk: Walk): GrantPlace | null {
  const { random, scene } = walk
  const project = random.pick(scene.projects)
  const own = organisation(walk)
  if (project === undefined || random.chance(0.2)) {
    return own ? { organisationId: own.id, projectId: null, environmentId: null } : null
  }
  const { organisationId, id: projectId } = project
  const environment = random.pick(scene.environments.filter((one) => one.projectId === projectId))
  const environmentId = random.chance(0.5) ? (environment?.id ?? null) : null
  return { organisationId, projectId, environmentId }
}

const settingsAt = ({ random }: Walk, { projectId, environmentId }: GrantPlace) => ({
  admin: projectId !== null && random.chance(0.3),
  permissions: random.some(
    environmentId !== null
      ? ['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE', 'MANAGE_IDENTITIES']
      : ['VIEW_PROJECT', 'CREATE_FEATURE', 'MANAGE_TAGS', 'CREATE_PROJECT'],
  ),
})

function presentGrant({ random, scene }: Walk) {
  const grant = random.pick(scene.grants)
  if (grant === undefined) return null
  const { organisationId, projectId, environmentId, id } = grant
  const kind: HolderKind = grant.groupId === null ? 'user' : 'group'
  const place = { organisationId, projectId, environmentId }
  return { organisationId, place, input: { at: { place, kind }, id } }
}

export const people: Makers<Name> = {
  'user.create': ({ random, scene, word }) => {
    const invite = random.pick(scene.invites)
    const link = random.pick(scene.inviteLinks)
    const byInvite = invite !== undefined && random.chance(0.5)
    const email = byInvite ? invite.email : `${word('person')}@example.com`
    return {
      organisationId: null,
      input: {
        id: 10_000 + random.int(1_000_000),
        email,
        firstName: 'Ann',
        lastName: word('Name'),
        passwordHash: word('password'),
        tokenHash: word('token'),
        signUpType: byInvite ? 'INVITE_EMAIL' : 'INVITE_LINK',
        inviteHash: (byInvite ? invite.hash : link?.hash) ?? null,
      },
    }
  },
  'user.update': (walk) => {
    const user = walk.random.pick(walk.scene.users)
    if (user === undefined) return null
    const input = { id: idOf(walk, user), settings: { firstName: walk.word('Ann') } }
    return { organisationId: null, input }
  },
  'session.create': (walk) => {
    const user = walk.random.pick(walk.scene.users)
    if (user === undefined) return null
    const input = { userId: idOf(walk, user), tokenHash: walk.word('token') }
    return { organisationId: null, input }
  },
  'session.delete': ({ random, scene }) => {
    const token = random.pick(scene.tokens)
    return token ? { organisationId: null, input: { tokenHash: token.hash } } : null
  },
  'organisation.create': ({ random, scene, word }) => {
    const creator = random.pick(scene.users)
    if (creator === undefined || scene.organisations.length > 4) return null
    const id = 1_000 + random.int(1_000_000)
    const settings = { name: word('Organisation'), force2fa: random.chance(0.1) }
    return { organisationId: id, input: { id, creatorId: creator.id, settings } }
  },
  'organisation.update': (walk) => {
    const own = organisation(walk)
    if (own === undefined) return null
    const settings = walk.random.chance(0.5)
      ? { name: walk.word('Organisation') }
      : { restrictProjectCreateToAdmin: walk.random.chance(0.5), webhookNotificationEmail: null }
    return { organisationId: own.id, input: { id: own.id, settings } }
  },
  'organisation.delete': (walk) => {
    const own = organisation(walk)
    if (own === undefined || walk.scene.organisations.length < 3) return null
    return { organisationId: own.id, input: { id: own.id } }
  },
  'membership.update-role': (walk) => {
    const member = walk.random.pick(walk.scene.memberships)
    if (member === undefined) return null
    const { organisationId, userId } = member
    return { organisationId, input: { organisationId, userId, role: role(walk) } }
  },
  'membership.remove': (walk) => {
    const own = organisation(walk)
    if (own === undefined) return null
    const userIds = walk.random.some(membersOf(walk, own.id), 2).map(({ userId }) => userId)
    return { organisationId: own.id, input: { organisationId: own.id, userIds } }
  },
  'group.create': (walk) => {
    const own = organisation(walk)
    if (own === undefined || walk.scene.groups.length > 12) return null
    const settings = {
      name: walk.word('Group'),
      isDefault: walk.random.chance(0.4),
      externalId: walk.random.chance(0.3) ? `directory-${walk.random.int(5)}` : null,
    }
    return { organisationId: own.id, input: { organisationId: own.id, settings } }
  },
  'group.update': ({ random, scene, word }) => {
    const group = random.pick(scene.groups)
    if (group === undefined) return null
    const { organisationId, id } = group
    const settings = random.chance(0.5) ? { name: word('Group') } : { isDefault: !group.isDefault }
    return { organisationId, input: { organisationId, id, settings } }
  },
  'group.delete': ({ random, scene }) => {
    const group = random.pick(scene.groups)
    if (group === undefined) return null
    const { organisationId, id } = group
    return { organisationId, input: { organisationId, id } }
  },
  'group.add-users': groupWithUsers,
  'group.remove-users': groupWithUsers,
  'group.set-admin': ({ random, scene }) => {
    const member = random.pick(scene.groupMembers)
    const group = member && scene.groups.find(({ id }) => id === member.groupId)
    if (group === undefined || member === undefined) return null
    const { organisationId, id } = group
    const { userId, isAdmin } = member
    return { organisationId, input: { organisationId, id, userId, isAdmin: !isAdmin } }
  },
  'invite.create': (walk) => {
    const { random, scene, word } = walk
    const own = organisation(walk)
    if (own === undefined) return null
    const groups = scene.groups.filter((group) => group.organisationId === own.id)
    const known = random.pick(scene.users)?.email
    const drafts = Array.from({ length: 1 + random.int(2) }, () => ({
      email: known !== undefined && random.chance(0.4) ? known : `${word('guest')}@example.com`,
      hash: word('invite'),
      role: role(walk) as 'ADMIN' | 'USER',
      groupIds: random.some(groups).map(({ id }) => id),
    }))
    const invitedBy = random.pick(membersOf(walk, own.id))?.userId ?? null
    return { organisationId: own.id, input: { organisationId: own.id, invitedBy, drafts } }
  },
  'invite.renew': (walk) => {
    const invite = walk.random.pick(walk.scene.invites)
    if (invite === undefined) return null
    const { organisationId } = invite
    const input = { organisationId, id: idOf(walk, invite), hash: walk.word('invite') }
    return { organisationId, input }
  },
  'invite.delete': (walk) => {
    const invite = walk.random.pick(walk.scene.invites)
    if (invite === undefined) return null
    const { organisationId } = invite
    return { organisationId, input: { organisationId, id: idOf(walk, invite) } }
  },
  'invite.accept': ({ random, scene }) => {
    const invite = random.pick(scene.invites)
    const user = scene.users.find(({ email }) => email === invite?.email)
    const userId = (user ?? random.pick(scene.users))?.id
    if (invite === undefined || userId === undefined) return null
    const { organisationId, hash } = invite
    return { organisationId, input: { hash, userId } }
  },
  'invite-link.create': (walk) => {
    const own = organisation(walk)
    if (own === undefined) return null
    const input = {
      organisationId: own.id,
      hash: walk.word('link'),
      sealed: walk.word('sealed'),
      role: role(walk) as 'ADMIN' | 'USER',
      expiresAt: walk.random.chance(0.2) ? walk.now - 1 : null,
    }
    return { organisationId: own.id, input }
  },
  'invite-link.delete': ({ random, scene }) => {
    const link = random.pick(scene.inviteLinks)
    if (link === undefined) return null
    const { organisationId, id } = link
    return { organisationId, input: { organisationId, id } }
  },
  'invite-link.accept': ({ random, scene }) => {
    const link = random.pick(scene.inviteLinks)
    const user = random.pick(scene.users)
    if (link === undefined || user === undefined) return null
    return { organisationId: link.organisationId, input: { hash: link.hash, userId: user.id } }
  },
  'organisation-key.create': (walk) => {
    const own = organisation(walk)
    const creator = own && walk.random.pick(membersOf(walk, own.id))
    if (own === undefined || creator === undefined) return null
    const input = {
      organisationId: own.id,
      prefix: walk.word('key'),
      hash: walk.word('hash'),
      createdBy: creator.userId,
      settings: { name: 'automation', expiresAt: walk.random.chance(0.5) ? walk.now : null },
    }
    return { organisationId: own.id, input }
  },
  'organisation-key.update': ({ random, scene, word }) => {
    const key = random.pick(scene.organisationKeys)
    if (key === undefined) return null
    const { organisationId, prefix } = key
    const settings = { name: word('Key'), revoked: random.chance(0.3) }
    return { organisationId, input: { organisationId, prefix, settings } }
  },
  'organisation-key.delete': ({ random, scene }) => {
    const key = random.pick(scene.organisationKeys)
    if (key === undefined) return null
    const { organisationId, prefix } = key
    return { organisationId, input: { organisationId, prefix } }
  },
  'grant.create': (walk) => {
    const place = placeOf(walk)
    if (place === null) return null
    const { organisationId } = place
    const kind: HolderKind = walk.random.chance(0.5) ? 'user' : 'group'
    const group = walk.random.pick(
      walk.scene.groups.filter((one) => one.organisationId === organisationId),
    )
    const member = walk.random.pick(membersOf(walk, organisationId))
    const holderId = (kind === 'user' ? member?.userId : group?.id) ?? 987_654
    const input = { at: { place, kind }, holderId, settings: settingsAt(walk, place) }
    return { organisationId, input }
  },
  'grant.update': (walk) => {
    const present = presentGrant(walk)
    if (present === null) return null
    const { organisationId, place, input } = present
    return { organisationId, input: { ...input, settings: settingsAt(walk, place) } }
  },
  'grant.delete': (walk) => {
    const present = presentGrant(walk)
    return present && { organisationId: present.organisationId, input: present.input }
  },
}
