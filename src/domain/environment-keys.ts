/**
 * The rules of server-side keys. They arrive hashed and sealed. Every change publishes, because the
 * document names the keys that are good.
 */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import {
  type EnvironmentKey,
  environmentKeys,
  findEnvironmentKey,
} from '../storage/environment-keys.ts'
import { type Environment, findEnvironment } from '../storage/environments.ts'
import { findProject, type Project } from '../storage/projects.ts'
import { changed, snapshot } from './snapshot.ts'
import type { EntryDraft, Write } from './write.ts'
import { nothingToDo } from './write.ts'

export type EnvironmentKeySettings = { name: string; active: boolean; expiresAt: number | null }

/** What an entry says about where a thing of an environment lives. */
export type Home = { environment: Environment; project: Project }

export const findHome = async (db: Database, environmentId: number): Promise<Home | undefined> => {
  const environment = await findEnvironment(db, environmentId)
  const project = environment && (await findProject(db, environment.projectId))
  return environment && project && { environment, project }
}

export const placeOf = ({ environment, project }: Home) => ({
  organisationId: project.organisationId,
  projectId: project.id,
  environment: { id: environment.id, name: environment.name },
})

const entryOf = (
  key: EnvironmentKey,
  home: Home,
): Omit<EntryDraft, 'action' | 'log' | 'before' | 'after'> => ({
  ...placeOf(home),
  resource: { type: 'ENVIRONMENT_KEY', id: String(key.id), uuid: null, name: key.name },
})

export const createEnvironmentKey: Write<
  {
    environmentId: number
    hash: string
    sealed: string
    settings: Pick<EnvironmentKeySettings, 'name'> & Partial<EnvironmentKeySettings>
  },
  EnvironmentKey
> = async ({ db, now, reserve }, { settings, ...own }) => {
  const home = await findHome(db, own.environmentId)
  if (home === undefined) return notFound()
  const { 'environment-key': id } = await reserve({ 'environment-key': 1 })
  const key: EnvironmentKey = {
    active: true,
    expiresAt: null,
    ...settings,
    ...own,
    id,
    createdAt: now,
  }
  return ok({
    result: key,
    statements: [db.insert(environmentKeys).values(key)],
    entries: [
      {
        ...entryOf(key, home),
        action: 'environment-key.created',
        log: `New server-side key created: ${key.name}`,
        before: null,
        after: snapshot(key),
      },
    ],
    publish: [own.environmentId],
    events: [],
  })
}

export const updateEnvironmentKey: Write<
  { environmentId: number; id: number; settings: Partial<EnvironmentKeySettings> },
  EnvironmentKey
> = async ({ db }, { environmentId, id, settings }) => {
  const home = await findHome(db, environmentId)
  const before = await findEnvironmentKey(db, environmentId, id)
  if (home === undefined || before === undefined) return notFound()
  const after: EnvironmentKey = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [db.update(environmentKeys).set(settings).where(eq(environmentKeys.id, id))],
    entries: [
      {
        ...entryOf(after, home),
        action: 'environment-key.updated',
        log: `Server-side key updated: ${after.name}`,
        before: snapshot(before),
        after: snapshot(after),
      },
    ],
    publish: [environmentId],
    events: [],
  })
}

export const deleteEnvironmentKey: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const home = await findHome(db, environmentId)
  const key = await findEnvironmentKey(db, environmentId, id)
  if (home === undefined || key === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(environmentKeys).where(eq(environmentKeys.id, id))],
    entries: [
      {
        ...entryOf(key, home),
        action: 'environment-key.deleted',
        log: `Server-side key deleted: ${key.name}`,
        before: snapshot(key),
        after: null,
      },
    ],
    publish: [environmentId],
    events: [],
  })
}
