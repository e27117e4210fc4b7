/**
 * The rules of grants: one a holder and place, held by members of the organisation and by its groups.
 * Whoever may give them is the guards' business: it takes an administrator of the place.
 */
import { eq } from 'drizzle-orm'
import { invalid, invalidBody, notFound, type Outcome, ok, unknownId } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import { findEnvironment } from '../storage/environments.ts'
import {
  findGrant,
  findGrantOf,
  type Grant,
  type GrantPlace,
  grants,
  type Holder,
  type HolderKind,
} from '../storage/grants.ts'
import { findGroup } from '../storage/groups.ts'
import { findOrganisation, findRole } from '../storage/organisations.ts'
import { findProject } from '../storage/projects.ts'
import { findUser } from '../storage/users.ts'
import { type Level, permissionsAt } from './permissions.ts'
import { snapshot } from './snapshot.ts'
import { type Context, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type GrantSettings = { admin: boolean; permissions: string[] }

/** Where grants of one kind of holder stand. */
export type GrantsAt = { place: GrantPlace; kind: HolderKind }

function levelOfPlace(place: GrantPlace): Level {
  if (place.environmentId !== null) return 'environment'
  return place.projectId === null ? 'organisation' : 'project'
}

/** In the catalogue's order and each once: the same set always reads the same. */
const inOrder = (place: GrantPlace, keys: string[]): string[] =>
  permissionsAt[levelOfPlace(place)].filter((key) => keys.includes(key))

type Scene = { name: string; environment: { id: number; name: string } | null }

/** The place may have gone in an earlier turn than this one. */
async function findScene(db: Database, place: GrantPlace): Promise<Scene | undefined> {
  if (place.environmentId !== null) {
    const found = await findEnvironment(db, place.environmentId)
    const environment = found && { id: found.id, name: found.name }
    return environment && { name: `environment ${environment.name}`, environment }
  }
  const found =
    place.projectId === null
      ? await findOrganisation(db, place.organisationId)
      : await findProject(db, place.projectId)
  return found && { name: `${levelOfPlace(place)} ${found.name}`, environment: null }
}

/** E-mail address or name of a holder; undefined for whoever does not belong to the organisation. */
async function findName(
  db: Database,
  organisationId: number,
  { kind, id }: Holder,
): Promise<string | undefined> {
  if (kind === 'group') return (await findGroup(db, organisationId, id))?.name
  const role = await findRole(db, organisationId, id)
  return role === undefined ? undefined : (await findUser(db, id))?.email
}

const holderOf = ({ userId, groupId }: Grant): Holder =>
  groupId === null ? { kind: 'user', id: userId ?? 0 } : { kind: 'group', id: groupId }

async function draftEntry(
  db: Database,
  change: { action: 'granted' | 'updated' | 'removed'; grant: Grant; scene: Scene },
  states: Pick<EntryDraft, 'before' | 'after'>,
): Promise<EntryDraft> {
  const { action, grant, scene } = change
  const name = (await findName(db, grant.organisationId, holderOf(grant))) ?? ''
  return {
    action: `permission.${action}`,
    resource: { type: 'PERMISSION', id: String(grant.id), uuid: null, name },
    organisationId: grant.organisationId,
    projectId: grant.projectId,
    environment: scene.environment,
    log: `Permissions ${action}: ${name} in ${scene.name}`,
    ...states,
  }
}

export const createGrant: Write<
  { at: GrantsAt; holderId: number; settings: GrantSettings },
  Grant
> = async ({ db, reserve }, { at, holderId, settings }) => {
  const { place, kind } = at
  const holder: Holder = { kind, id: holderId }
  const scene = await findScene(db, place)
  if (scene === undefined) return notFound()
  if ((await findName(db, place.organisationId, holder)) === undefined) {
    return unknownId(kind, holderId)
  }
  if ((await findGrantOf(db, place, holder)) !== undefined) {
    return invalidBody(`The fields ${kind}, ${levelOfPlace(place)} must make a unique set.`)
  }
  const { grant: id } = await reserve({ grant: 1 })
  const grant: Grant = {
    ...place,
    id,
    userId: kind === 'user' ? holderId : null,
    groupId: kind === 'group' ? holderId : null,
    admin: settings.admin,
    permissions: inOrder(place, settings.permissions),
  }
  const states = { before: null, after: snapshot(grant) }
  return ok({
    result: grant,
    statements: [db.insert(grants).values(grant)],
    entries: [await draftEntry(db, { action: 'granted', grant, scene }, states)],
    publish: [],
    events: [],
  })
}

async function findPresent(
  db: Database,
  at: GrantsAt,
  id: number,
): Promise<Outcome<{ grant: Grant; scene: Scene }>> {
  const [grant, scene] = await Promise.all([findGrant(db, at, id), findScene(db, at.place)])
  return grant === undefined || scene === undefined ? notFound() : ok({ grant, scene })
}

/** A grant stays with its holder: naming another one is refused, so that nobody believes it moved. */
export const updateGrant: Write<
  { at: GrantsAt; id: number; holderId?: number | undefined; settings: Partial<GrantSettings> },
  Grant
> = async ({ db }, { at, id, holderId, settings }) => {
  const present = await findPresent(db, at, id)
  if (present.kind !== 'ok') return present
  const { grant: before, scene } = present.value
  if (holderId !== undefined && holderId !== holderOf(before).id) {
    return invalid({ [at.kind]: [`The ${at.kind} of a permission cannot be changed.`] })
  }
  const change = {
    admin: settings.admin ?? before.admin,
    permissions: inOrder(at.place, settings.permissions ?? before.permissions),
  }
  const after: Grant = { ...before, ...change }
  const isSame =
    before.admin === after.admin && before.permissions.join() === after.permissions.join()
  if (isSame) return ok(nothingToDo(before))
  const states = { before: snapshot(before), after: snapshot(after) }
  return ok({
    result: after,
    statements: [db.update(grants).set(change).where(eq(grants.id, id))],
    entries: [await draftEntry(db, { action: 'updated', grant: after, scene }, states)],
    publish: [],
    events: [],
  })
}

export const deleteGrant: Write<{ at: GrantsAt; id: number }, null> = async (
  { db },
  { at, id },
) => {
  const present = await findPresent(db, at, id)
  if (present.kind !== 'ok') return present
  const { grant, scene } = present.value
  const states = { before: snapshot(grant), after: null }
  return ok({
    result: null,
    statements: [db.delete(grants).where(eq(grants.id, id))],
    entries: [await draftEntry(db, { action: 'removed', grant, scene }, states)],
    publish: [],
    events: [],
  })
}

/**
 * Whoever makes a project or an environment administers it (contract §B.3, §B.4): one grant for the
 * plan and entry of the thing itself. None for a key, nor for whoever is no member (any more).
 */
export async function planCreatorGrant(
  { db, actor, reserve }: Context,
  place: GrantPlace,
): Promise<Grant[]> {
  const userId = Number(actor.id)
  if (actor.kind !== 'user') return []
  if ((await findRole(db, place.organisationId, userId)) === undefined) return []
  const { grant: id } = await reserve({ grant: 1 })
  return [{ ...place, id, userId, groupId: null, admin: true, permissions: [] }]
}
