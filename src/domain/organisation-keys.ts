/**
 * The rules of organisation API keys. A key arrives as its prefix and hash: its text was made, and
 * shown once, by the request that asked for it.
 */
import { eq } from 'drizzle-orm'
import { invalid, notFound, ok } from '../outcome.ts'
import {
  findOrganisationKey,
  type OrganisationKey,
  organisationKeys,
} from '../storage/organisation-keys.ts'
import { changed, snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type OrganisationKeySettings = { name: string; revoked: boolean; expiresAt: number | null }

/** A leaked key that was shut off must not come back by an edit. */
const revokedForGood = invalid({
  revoked: ['The API key has been revoked, which cannot be undone. Create a new key instead.'],
})

export const aboutOrganisationKey = (key: OrganisationKey): About => ({
  resource: { type: 'ORGANISATION_KEY', id: key.prefix, uuid: null, name: key.name },
  organisationId: key.organisationId,
  projectId: null,
  environment: null,
})

export const createOrganisationKey: Write<
  {
    organisationId: number
    prefix: string
    hash: string
    createdBy: number
    settings: Pick<OrganisationKeySettings, 'name'> & Partial<OrganisationKeySettings>
  },
  OrganisationKey
> = async ({ db, now }, { settings, ...own }) => {
  const key: OrganisationKey = {
    revoked: false,
    expiresAt: null,
    ...settings,
    ...own,
    createdAt: now,
  }
  return ok({
    result: key,
    statements: [db.insert(organisationKeys).values(key)],
    entries: [
      {
        ...aboutOrganisationKey(key),
        action: 'organisation-key.created',
        log: `New Organisation API key created: ${key.name}`,
        before: null,
        after: snapshot(key),
      },
    ],
    publish: [],
    events: [],
  })
}

export const updateOrganisationKey: Write<
  { organisationId: number; prefix: string; settings: Partial<OrganisationKeySettings> },
  OrganisationKey
> = async ({ db }, { organisationId, prefix, settings }) => {
  const before = await findOrganisationKey(db, organisationId, prefix)
  if (before === undefined) return notFound()
  const after: OrganisationKey = { ...before, ...settings }
  if (before.revoked && !after.revoked) return revokedForGood
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [
      db.update(organisationKeys).set(settings).where(eq(organisationKeys.prefix, prefix)),
    ],
    entries: [
      {
        ...aboutOrganisationKey(after),
        action: 'organisation-key.updated',
        log: `Organisation API key updated: ${after.name}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: [],
    events: [],
  })
}

export const organisationKeyDeleted = (key: OrganisationKey): EntryDraft => ({
  ...aboutOrganisationKey(key),
  action: 'organisation-key.deleted',
  log: `Organisation API key deleted: ${key.name}`,
  before: snapshot(key),
  after: null,
})

export const deleteOrganisationKey: Write<
  { organisationId: number; prefix: string },
  null
> = async ({ db }, { organisationId, prefix }) => {
  const key = await findOrganisationKey(db, organisationId, prefix)
  if (key === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(organisationKeys).where(eq(organisationKeys.prefix, prefix))],
    entries: [organisationKeyDeleted(key)],
    publish: [],
    events: [],
  })
}
