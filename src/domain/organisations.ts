/** The rules of organisations. Who creates one becomes its first administrator. */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import {
  type OrganisationCascade,
  readOrganisationCascade,
} from '../storage/organisation-cascade.ts'
import {
  findOrganisation,
  listEnvironmentIdsOfOrganisation,
  memberships,
  type Organisation,
  organisations,
} from '../storage/organisations.ts'
import { defaultRetentionDays } from './audit-retention.ts'
import { grantGone, identitiesGone } from './cascades.ts'
import { groupDeleted } from './groups.ts'
import { inviteLinkDeleted } from './invite-links.ts'
import { inviteGone } from './invites.ts'
import { memberGone } from './members.ts'
import { organisationKeyDeleted } from './organisation-keys.ts'
import { projectsGone } from './projects.ts'
import { changed, snapshot } from './snapshot.ts'
import { placeInOrganisation, webhookDeleted } from './webhook-entry.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type OrganisationSettings = {
  name: string
  webhookNotificationEmail: string | null
  restrictProjectCreateToAdmin: boolean
  force2fa: boolean
}

/** An organisation that had it switched on may keep it or switch it off: it never did anything. */
const noSecondFactor = invalid({
  force_2fa: ['This server has no two-factor authentication yet, so it cannot be enforced.'],
})

export const aboutOrganisation = (organisation: Organisation): About => ({
  resource: {
    type: 'ORGANISATION',
    id: String(organisation.id),
    uuid: organisation.uuid,
    name: organisation.name,
  },
  organisationId: organisation.id,
  projectId: null,
  environment: null,
})

/** The id is reserved by the caller: it names the ledger in which this is the first entry. */
export const createOrganisation: Write<
  {
    id: number
    creatorId: number
    settings: Pick<OrganisationSettings, 'name'> & Partial<OrganisationSettings>
  },
  Organisation
> = async ({ db, now }, { id, creatorId, settings }) => {
  if (settings.force2fa) return noSecondFactor
  const organisation: Organisation = {
    webhookNotificationEmail: null,
    restrictProjectCreateToAdmin: false,
    force2fa: false,
    ...settings,
    id,
    uuid: crypto.randomUUID(),
    persistTraitData: true,
    stopServingFlags: false,
    auditRetentionDays: defaultRetentionDays,
    createdAt: now,
  }
  const creator = { organisationId: id, userId: creatorId, role: 'ADMIN', createdAt: now } as const
  return ok({
    result: organisation,
    statements: [
      db.insert(organisations).values(organisation),
      db.insert(memberships).values(creator),
    ],
    entries: [
      {
        ...aboutOrganisation(organisation),
        action: 'organisation.created',
        log: `New Organisation created: ${organisation.name}`,
        before: null,
        after: { ...snapshot(organisation), memberships: [snapshot(creator)] },
      },
    ],
    publish: [],
    events: [],
  })
}

export const updateOrganisation: Write<
  { id: number; settings: Partial<OrganisationSettings> },
  Organisation
> = async ({ db }, { id, settings }) => {
  const before = await findOrganisation(db, id)
  if (before === undefined) return notFound()
  const after: Organisation = { ...before, ...settings }
  if (after.force2fa && !before.force2fa) return noSecondFactor
  if (!changed(before, after)) return ok(nothingToDo(after))
  // Of what can be set here, documents show the name only.
  const shown = before.name !== after.name
  return ok({
    result: after,
    statements: [db.update(organisations).set(settings).where(eq(organisations.id, id))],
    entries: [
      {
        ...aboutOrganisation(after),
        action: 'organisation.updated',
        log: `Organisation updated: ${after.name}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: shown ? await listEnvironmentIdsOfOrganisation(db, id) : [],
    events: [],
  })
}

/** Who was in it, and who was to be; each row is told by one of the entries. */
function peopleGone({ id }: Organisation, gone: OrganisationCascade): EntryDraft[] {
  const carried = Map.groupBy(gone.inviteGroups, ({ inviteId }) => inviteId)
  const inGroup = Map.groupBy(gone.groupMembers, ({ groupId }) => groupId)
  return [
    ...gone.grants.map((grant) => grantGone(grant)),
    ...gone.invites.map((invite) =>
      inviteGone(invite, {
        groupIds: (carried.get(invite.id) ?? []).map(({ groupId }) => groupId),
        action: 'deleted',
      }),
    ),
    ...gone.inviteLinks.map(inviteLinkDeleted),
    ...gone.groups.map((group) => groupDeleted(group, inGroup.get(group.id) ?? [])),
    ...gone.members.map((member) => memberGone(id, member, { groups: [], grants: [] })),
  ]
}

/** Everything in it goes along: projects, keys, memberships. Its audit log stays. */
export const deleteOrganisation: Write<{ id: number }, null> = async ({ db }, { id }) => {
  const organisation = await findOrganisation(db, id)
  if (organisation === undefined) return notFound()
  const gone = await readOrganisationCascade(db, id)
  return ok({
    result: null,
    statements: [db.delete(organisations).where(eq(organisations.id, id))],
    entries: [
      {
        ...aboutOrganisation(organisation),
        action: 'organisation.deleted',
        log: `Organisation deleted: ${organisation.name}`,
        before: snapshot(organisation),
        after: null,
      },
      ...(await projectsGone(db, gone.projects, gone.environments)),
      ...gone.keys.map(organisationKeyDeleted),
      ...gone.webhooks.map((webhook) => webhookDeleted(webhook, placeInOrganisation(id))),
      ...peopleGone(organisation, gone),
    ],
    // Publishing reads the present truth: the environments are gone, so their documents go too.
    publish: gone.environments.map((environment) => environment.id),
    events: [],
    debts: identitiesGone(gone.environments.map((environment) => environment.id)),
  })
}
