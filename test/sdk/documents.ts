/** A served environment with a server-side key, and the SDK endpoints as a client asks them. */
import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { publishDocument } from '../../src/document/publish.ts'
import type { InputOf } from '../../src/domain/register.ts'
import type { Env } from '../../src/env.ts'
import { sdkRoutes } from '../../src/sdk/index.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { environmentKeys } from '../../src/storage/environment-keys.ts'
import { createFlagWorld, putIdentity, type World, write } from '../support/world.ts'

export type ServedWorld = World & { serverKey: string }

let keys = 0

/** Brings what the database says to the SDK endpoints, as a new version. */
export async function publish(world: World, settings: object = {}): Promise<void> {
  await write(world.organisationId, 'environment.update', {
    id: world.environment.id,
    settings: { description: crypto.randomUUID(), ...settings },
  })
  await publishDocument(env, world.environment.id)
}

export async function createServedWorld(): Promise<ServedWorld> {
  const world = await createFlagWorld()
  const serverKey = `ser.${crypto.randomUUID()}`
  await openDatabase(env.DB)
    .insert(environmentKeys)
    .values({
      id: ++keys,
      environmentId: world.environment.id,
      hash: await sha256Hex(serverKey),
      sealed: 'none',
      name: 'test',
      active: true,
      createdAt: 1,
      expiresAt: null,
    })
  await publish(world)
  return { ...world, serverKey }
}

/** Makes a feature something else for one identity, whose id is the test's to choose. */
export const addOverride = async (
  world: World,
  {
    featureId = world.featureId,
    ...identity
  }: { id: number; identifier: string; featureId?: number },
  changes: InputOf<'override.create'>['changes'] = {},
) => {
  await putIdentity(world.environment.id, identity)
  return write(world.organisationId, 'override.create', {
    environmentId: world.environment.id,
    featureId,
    target: { kind: 'identity', ...identity },
    changes,
  })
}

/**
 * Overrides of `banner` for identities `user-<number>`, straight into the database and by one
 * statement, with the version that every change brings. Nothing publishes it.
 */
export async function insertOverrides(
  world: World,
  { from, to, value = "'value ' || n" }: { from: number; to: number; value?: string },
): Promise<void> {
  const first = 10_000_000 * world.environment.id
  await env.DB.batch([
    env.DB.prepare(`
      WITH RECURSIVE numbers (n) AS (
        SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2
      )
      INSERT INTO feature_states (id, uuid, feature_id, environment_id, identity_id, identifier,
        enabled, type, string_value, created_at, updated_at)
      SELECT ?3 + n, printf('%08x-0000-4000-8000-%012x', ?4, n), ?5, ?4, n, 'user-' || n,
        n % 2, 'unicode', ${value}, ?6, ?6
      FROM numbers`).bind(from, to, first, world.environment.id, world.featureId, Date.now()),
    env.DB.prepare(
      'UPDATE environments SET version = version + 1, updated_at = ?1 WHERE id = ?2',
    ).bind(Date.now(), world.environment.id),
  ])
}

export type Ask = { method?: string; key?: string; headers?: Record<string, string>; body?: string }

const requestOf = (path: string, { method = 'GET', key, headers = {}, body }: Ask) =>
  new Request(`http://localhost${path}`, {
    method,
    headers: { ...(key === undefined ? {} : { 'X-Environment-Key': key }), ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })

/** Through the Worker's front door; `path` is below `/api/v1`. */
export const ask = (path: string, question: Ask = {}): Promise<Response> =>
  exports.default.fetch(requestOf(`/api/v1${path}`, question))

/** The routes themselves, on bindings of the test's choice. */
export const askWith = async (bindings: Env, path: string, question: Ask): Promise<Response> =>
  sdkRoutes.fetch(requestOf(path, question), bindings, createExecutionContext())

export async function json<T>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T
}

export type DocumentState = {
  feature: { id: number; name: string; type: string }
  enabled: boolean
  django_id: number
  feature_segment: { priority: number } | null
  featurestate_uuid: string
  feature_state_value: unknown
  multivariate_feature_state_values: {
    multivariate_feature_option: { value: unknown; id: number; key: string | null }
    percentage_allocation: number
    id: number
    mv_fs_value_uuid: string
  }[]
}

export type ServedDocument = {
  id: number
  api_key: string
  project: {
    segments: { id: number; name: string; rules: unknown[]; feature_states: DocumentState[] }[]
    server_key_only_feature_ids: number[]
  }
  feature_states: DocumentState[]
  identity_overrides: {
    identifier: string
    identity_features: DocumentState[]
    identity_uuid: string
    django_id: number
    created_date: string
    composite_key: string
  }[]
  updated_at: string
}

export const readDocumentOf = (world: ServedWorld): Promise<ServedDocument> =>
  json<ServedDocument>(ask('/environment-document/', { key: world.serverKey }))
