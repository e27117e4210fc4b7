/**
 * The rules of rotating a client-side key: the new key is there at once, the old one goes on for a
 * leeway, and until it is over the change can be taken back or finished early. When the leeway is over
 * the old key dies by the document itself; what is left to do then is to say so.
 */
import { eq } from 'drizzle-orm'
import { notFound, type Outcome, ok, type Refusal } from '../outcome.ts'
import type { Database, Statement } from '../storage/database.ts'
import { type Environment, environments } from '../storage/environments.ts'
import { findKeyRotation, type KeyRotation, keyRotations } from '../storage/key-rotations.ts'
import { type EnvironmentGround, findEnvironmentGround, placeOf } from './environment-ground.ts'
import { randomKey } from './random-key.ts'
import { snapshot } from './snapshot.ts'
import { type About, type EntryDraft, nothingToDo, type Plan, type Write } from './write.ts'

/** What came of it; `rotation` as it was found, so that it tells whether the new key was used. */
export type Rotated = { environment: Environment; rotation: KeyRotation }

export const isRunning = (
  rotation: KeyRotation | undefined,
  now: number,
): rotation is KeyRotation => rotation !== undefined && rotation.endsAt > now

const noRotation = notFound('No rotation of the client-side key is running.')

const rotationRuns: Refusal = {
  kind: 'conflict',
  detail:
    'A rotation of the client-side key is running. Complete or abort it before starting another.',
  code: 'key_rotation_running',
}

const hourMs = 60 * 60 * 1_000

/** Client-side keys are public; still, the log needs no more than tells them apart. */
const shown = (key: string) => `…${key.slice(-4)}`

const described = (apiKey: string, rotation: KeyRotation | null) => ({
  api_key: shown(apiKey),
  ...(rotation !== null && {
    old_key: shown(rotation.oldKey),
    leeway_hours: (rotation.endsAt - rotation.startedAt) / hourMs,
    ends_at: rotation.endsAt,
    new_key_used: rotation.firstUsedAt !== null,
    new_key_last_used_at: rotation.lastUsedAt,
  }),
})

const entryOf = (ground: EnvironmentGround, key: string): About => ({
  ...placeOf(ground),
  resource: { type: 'ENVIRONMENT_KEY', id: null, uuid: null, name: shown(key) },
})

const used = ({ firstUsedAt }: KeyRotation) =>
  firstUsedAt === null ? 'The new key was not used.' : 'The new key was used.'

const setKey = (db: Database, { id }: Environment, apiKey: string): Statement =>
  db.update(environments).set({ apiKey }).where(eq(environments.id, id))

const forget = (db: Database, { id }: Environment): Statement =>
  db.delete(keyRotations).where(eq(keyRotations.environmentId, id))

/** The rows behind what is described, with the keys: without them nobody could tell the database. */
const rowsOf = ({ id }: Environment, apiKey: string, rotation: KeyRotation | null) => ({
  environment: { id, api_key: apiKey },
  key_rotation: rotation && snapshot(rotation),
})

const completion = (ground: EnvironmentGround, rotation: KeyRotation, how: string): EntryDraft => ({
  ...entryOf(ground, ground.environment.apiKey),
  action: 'environment-key.rotation-completed',
  log: `Client-side key rotation completed: ${how} ${used(rotation)}`,
  before: described(ground.environment.apiKey, rotation),
  after: described(ground.environment.apiKey, null),
  rows: {
    before: rowsOf(ground.environment, ground.environment.apiKey, rotation),
    after: rowsOf(ground.environment, ground.environment.apiKey, null),
  },
})

const overByItself = 'the leeway is over.'

export const startKeyRotation: Write<
  { environmentId: number; leewayHours: number },
  Rotated
> = async ({ db, now }, { environmentId, leewayHours }) => {
  const ground = await findEnvironmentGround(db, environmentId)
  if (ground === undefined) return notFound()
  const past = await findKeyRotation(db, environmentId)
  if (isRunning(past, now)) return rotationRuns
  const { environment } = ground
  const after: Environment = { ...environment, apiKey: randomKey(22) }
  const rotation: KeyRotation = {
    environmentId,
    oldKey: environment.apiKey,
    startedAt: now,
    endsAt: now + Math.ceil(leewayHours * hourMs),
    firstUsedAt: null,
    lastUsedAt: null,
  }
  return ok({
    result: { environment: after, rotation },
    statements: [
      forget(db, environment),
      setKey(db, environment, after.apiKey),
      db.insert(keyRotations).values(rotation),
    ],
    entries: [
      // One that nobody has ended yet since its leeway was over.
      ...(past === undefined ? [] : [completion(ground, past, overByItself)]),
      {
        ...entryOf(ground, after.apiKey),
        action: 'environment-key.rotated',
        log: `Client-side key rotated: the old key goes on for ${leewayHours} hours.`,
        before: described(environment.apiKey, null),
        after: described(after.apiKey, rotation),
        rows: {
          before: rowsOf(environment, environment.apiKey, null),
          after: rowsOf(environment, after.apiKey, rotation),
        },
      },
    ],
    publish: [environmentId],
    events: [],
  })
}

type Running = { ground: EnvironmentGround; rotation: KeyRotation }

/** What is to end, or that there is nothing to end. */
async function findRunning(
  db: Database,
  environmentId: number,
  now: number,
): Promise<Outcome<Running>> {
  const ground = await findEnvironmentGround(db, environmentId)
  if (ground === undefined) return notFound()
  const rotation = await findKeyRotation(db, environmentId)
  return isRunning(rotation, now) ? ok({ ground, rotation }) : noRotation
}

/** Back to the old key alone; the new one opens nothing any more. */
export const abortKeyRotation: Write<{ environmentId: number }, Rotated> = async (
  { db, now },
  { environmentId },
) => {
  const found = await findRunning(db, environmentId, now)
  if (found.kind !== 'ok') return found
  const { ground, rotation } = found.value
  const { environment } = ground
  const after: Environment = { ...environment, apiKey: rotation.oldKey }
  return ok({
    result: { environment: after, rotation },
    // The row goes first: as long as it is there, no environment may take its key.
    statements: [forget(db, environment), setKey(db, environment, rotation.oldKey)],
    entries: [
      {
        ...entryOf(ground, environment.apiKey),
        action: 'environment-key.rotation-aborted',
        log: `Client-side key rotation aborted. ${used(rotation)}`,
        before: described(environment.apiKey, rotation),
        after: described(after.apiKey, null),
        rows: {
          before: rowsOf(environment, environment.apiKey, rotation),
          after: rowsOf(environment, after.apiKey, null),
        },
      },
    ],
    publish: [environmentId],
    events: [],
  })
}

const planEnd = (db: Database, { ground, rotation }: Running, how: string): Plan<Rotated> => ({
  result: { environment: ground.environment, rotation },
  statements: [forget(db, ground.environment)],
  entries: [completion(ground, rotation, how)],
  publish: [ground.environment.id],
  events: [],
})

/** Ends the old key before its time. */
export const completeKeyRotation: Write<{ environmentId: number }, Rotated> = async (
  { db, now },
  { environmentId },
) => {
  const found = await findRunning(db, environmentId, now)
  if (found.kind !== 'ok') return found
  return ok(planEnd(db, found.value, 'the old key is revoked at once.'))
}

/** For the cron: writes down that a leeway is over. Nothing where somebody was faster. */
export const endKeyRotation: Write<{ environmentId: number }, Rotated | null> = async (
  { db, now },
  { environmentId },
) => {
  const ground = await findEnvironmentGround(db, environmentId)
  const rotation = await findKeyRotation(db, environmentId)
  if (ground === undefined || rotation === undefined || isRunning(rotation, now)) {
    return ok(nothingToDo(null))
  }
  return ok(planEnd(db, { ground, rotation }, overByItself))
}
