/**
 * An environment with everything an identity can meet, made by real writes and published: `banner`
 * (on for those with `plan` gold, by segment), `secret_limit` (server-side keys only), `checkout`
 * (multivariate, two options) and `off` (disabled).
 */
import { env, exports } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { publishDocument } from '../../src/document/publish.ts'
import type { EnvironmentSettings } from '../../src/domain/environments.ts'
import type { FlagValue } from '../../src/engine/document.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { sha256Hex } from '../../src/storage/digest.ts'
import { environmentKeys } from '../../src/storage/environment-keys.ts'
import { selectIdentity, selectTraits } from '../../src/storage/identities.ts'
import { organisations } from '../../src/storage/organisations.ts'
import { createFlagWorld, newFeature, type World, write } from '../support/world.ts'

const encoder = new TextEncoder()

let lastServerKey = 70_000

const goldRules = [
  {
    type: 'ALL',
    rules: [
      {
        type: 'ANY',
        rules: [],
        conditions: [{ property: 'plan', operator: 'EQUAL', value: 'gold' }],
      },
    ],
    conditions: [],
  },
]

/** `api_key` of a new server-side key; it counts with the next publish. */
async function addServerKey(environmentId: number): Promise<string> {
  const id = ++lastServerKey
  const key = `ser.${crypto.randomUUID()}`
  await openDatabase(env.DB)
    .insert(environmentKeys)
    .values({
      id,
      environmentId,
      hash: await sha256Hex(key),
      sealed: 'none',
      name: 'test',
      active: true,
      createdAt: 1,
      expiresAt: null,
    })
  return key
}

type Setup = World & {
  segmentId: number
  featureSegmentId: number
  checkoutId: number
  secretId: number
}

async function setUp(): Promise<Setup> {
  const world = await createFlagWorld()
  const { organisationId, projectId, featureId } = world
  const add = (feature: Partial<ReturnType<typeof newFeature>> & { name: string }) =>
    write(organisationId, 'feature.create', {
      projectId,
      feature: { ...newFeature(feature.name), ...feature },
    })
  const { feature: secret } = await add({
    name: 'secret_limit',
    isServerKeyOnly: true,
    initialValue: '12',
    defaultEnabled: true,
  })
  const { feature: checkout } = await write(organisationId, 'feature.create', {
    projectId,
    feature: {
      ...newFeature('checkout'),
      type: 'MULTIVARIATE',
      initialValue: 'control value',
      defaultEnabled: true,
      options: [
        { key: 'short', stringValue: 'short form', defaultPercentageAllocation: 50 },
        { key: null, stringValue: 'long form', defaultPercentageAllocation: 0 },
      ],
    },
  })
  await add({ name: 'off' })
  const segment = await write(organisationId, 'segment.create', {
    projectId,
    featureId: null,
    settings: { name: 'gold', description: 'pays', rules: goldRules },
  })
  const link = await write(organisationId, 'feature-segment.create', {
    environmentId: world.environment.id,
    featureId,
    segmentId: segment.id,
  })
  await write(organisationId, 'override.create', {
    environmentId: world.environment.id,
    featureId,
    target: { kind: 'segment', featureSegmentId: link.id },
    changes: { enabled: true, value: 'golden' },
  })
  return {
    ...world,
    segmentId: segment.id,
    featureSegmentId: link.id,
    checkoutId: checkout.id,
    secretId: secret.id,
  }
}

export type Flag = {
  id: number | null
  feature: { id: number; name: string; default_enabled: boolean | null }
  feature_state_value: FlagValue
  identity: number | null
  feature_segment: number | null
  enabled: boolean
  variant: string | null
}
export type TraitView = {
  id: number | null
  trait_key: string
  trait_value: unknown
  transient: boolean
}
export type IdentityView = { identifier: string; traits: TraitView[]; flags: Flag[] }

export const byName = (flags: Flag[], name: string): Flag => {
  const flag = flags.find((one) => one.feature.name === name)
  if (flag === undefined) throw new Error(`no flag ${name}`)
  return flag
}

/** Key → value of what an answer lists. */
export const asObject = (traits: TraitView[]): Record<string, unknown> =>
  Object.fromEntries(traits.map((trait) => [trait.trait_key, trait.trait_value]))

export const traits = (values: Record<string, unknown>) =>
  Object.entries(values).map(([trait_key, trait_value]) => ({ trait_key, trait_value }))

export async function createIdentityWorld() {
  const world = await setUp()
  const environmentId = world.environment.id
  const clientKey = world.environment.apiKey
  const serverKey = await addServerKey(environmentId)
  const publish = () => publishDocument(env, environmentId)
  /** Raises the version as well, so that what is published is new. */
  const touch = async () => {
    await write(world.organisationId, 'environment.update', {
      id: environmentId,
      settings: { description: crypto.randomUUID() },
    })
    await publish()
  }
  await touch()

  const send = (
    method: string,
    path: string,
    init: { key?: string | null; body?: BodyInit; type?: string } = {},
  ) => {
    const headers = new Headers()
    if (init.key !== null) headers.set('X-Environment-Key', init.key ?? clientKey)
    if (init.type !== undefined) headers.set('Content-Type', init.type)
    const { body } = init
    if (typeof body === 'string') headers.set('Content-Length', String(encoder.encode(body).length))
    return exports.default.fetch(
      new Request(`http://localhost/api/v1${path}`, {
        method,
        headers,
        redirect: 'manual',
        ...(body !== undefined && { body }),
      }),
    )
  }
  const sendJson = (method: string, path: string, body: unknown, key = clientKey) =>
    send(method, path, { key, body: JSON.stringify(body), type: 'application/json' })

  const preflight = (path: string) =>
    exports.default.fetch(
      new Request(`http://localhost/api/v1${path}`, {
        method: 'OPTIONS',
        headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' },
      }),
    )

  return {
    ...world,
    preflight,
    publish,
    environmentId,
    clientKey,
    serverKey,
    send,
    sendJson,
    get: (path: string, key = clientKey) => send('GET', path, { key }),
    post: (body: unknown, key = clientKey) => sendJson('POST', '/identities/', body, key),
    /** Posts and reads; fails the test unless it is answered 200. */
    async identify(body: unknown, key = clientKey): Promise<IdentityView> {
      const response = await sendJson('POST', '/identities/', body, key)
      if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
      return response.json()
    },
    async configure(settings: Partial<EnvironmentSettings>) {
      await write(world.organisationId, 'environment.update', { id: environmentId, settings })
      await publish()
    },
    async configureProject(settings: { hideDisabledFlags: boolean }) {
      await write(world.organisationId, 'project.update', { id: world.projectId, settings })
      await publish()
    },
    async configureOrganisation(settings: {
      persistTraitData?: boolean
      stopServingFlags?: boolean
    }) {
      await openDatabase(env.DB)
        .update(organisations)
        .set(settings)
        .where(eq(organisations.id, world.organisationId))
      await touch()
    },
    async storedIdentity(identifier: string) {
      const found = await selectIdentity(openDatabase(env.DB), { environmentId, identifier })
      return found[0]
    },
    /** Key → JSON text. */
    async storedTraits(identifier: string): Promise<Record<string, string>> {
      const rows = await selectTraits(openDatabase(env.DB), { environmentId, identifier })
      return Object.fromEntries(rows.map((row) => [row.key, row.value]))
    },
    async override(
      identifier: string,
      featureId: number,
      changes: {
        enabled?: boolean
        value?: FlagValue
        shares?: { optionId: number; percentageAllocation: number }[]
      },
    ) {
      const [identity] = await selectIdentity(openDatabase(env.DB), { environmentId, identifier })
      if (identity === undefined) throw new Error(`no identity ${identifier}`)
      return write(world.organisationId, 'override.create', {
        environmentId,
        featureId,
        target: { kind: 'identity', id: identity.id, identifier },
        changes,
      })
    },
  }
}

export type IdentityWorld = Awaited<ReturnType<typeof createIdentityWorld>>
