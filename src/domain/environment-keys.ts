/**
 * The rules of server-side keys. They arrive hashed and sealed. Every change publishes, because the
 * document names the keys that are good.
 */
import { eq } from 'drizzle-orm'
import { notFound, ok } from '../outcome.ts'
import {
  type EnvironmentKey,
  environmentKeys,
  findEnvironmentKey,
} from '../storage/environment-keys.ts'
import { type EnvironmentGround, findEnvironmentGround, placeOf } from './environment-ground.ts'
import { changed, snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Write } from './write.ts'

export type EnvironmentKeySettings = { name: string; active: boolean; expiresAt: number | null }

const entryOf = (key: EnvironmentKey, ground: EnvironmentGround): About => ({
  ...placeOf(ground),
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
  const ground = await findEnvironmentGround(db, own.environmentId)
  if (ground === undefined) return notFound()
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
        ...entryOf(key, ground),
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
  const ground = await findEnvironmentGround(db, environmentId)
  const before = await findEnvironmentKey(db, environmentId, id)
  if (ground === undefined || before === undefined) return notFound()
  const after: EnvironmentKey = { ...before, ...settings }
  if (!changed(before, after)) return ok(nothingToDo(after))
  return ok({
    result: after,
    statements: [db.update(environmentKeys).set(settings).where(eq(environmentKeys.id, id))],
    entries: [
      {
        ...entryOf(after, ground),
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

export const environmentKeyDeleted = (
  key: EnvironmentKey,
  ground: EnvironmentGround,
): EntryDraft => ({
  ...entryOf(key, ground),
  action: 'environment-key.deleted',
  log: `Server-side key deleted: ${key.name}`,
  before: snapshot(key),
  after: null,
})

export const deleteEnvironmentKey: Write<{ environmentId: number; id: number }, null> = async (
  { db },
  { environmentId, id },
) => {
  const ground = await findEnvironmentGround(db, environmentId)
  const key = await findEnvironmentKey(db, environmentId, id)
  if (ground === undefined || key === undefined) return notFound()
  return ok({
    result: null,
    statements: [db.delete(environmentKeys).where(eq(environmentKeys.id, id))],
    entries: [environmentKeyDeleted(key, ground)],
    publish: [environmentId],
    events: [],
  })
}
