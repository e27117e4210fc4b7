/** Routes of the admin router as paths to one tenant's things. */
import { adminApps } from '../../src/admin/index.ts'
import { unsupportedRoutes } from '../../src/admin/unsupported.ts'
import type { Tenant } from './tenant.ts'

/** What parameters stand for, by the end of the route that they close. */
export type Ids = Record<string, string | number>

/** These run around the routes that have the same path, and answer nothing themselves. */
const middlewares = new Set([
  ...Object.keys(adminApps).map((base) => `ALL ${base}/*`),
  'ALL /api/v1/organisations/:organisation/import',
])

/** Every route as `METHOD /base/path`, once. `ALL` is one that takes any method. */
export const adminRoutes: string[] = [
  ...new Set(
    Object.entries(adminApps).flatMap(([base, app]) =>
      app.routes.map(({ method, path }) => `${method} ${base}${path}`),
    ),
  ),
].filter((route) => !middlewares.has(route))

const constant = new Set(
  unsupportedRoutes.routes.map(({ method, path }) => `${method} /api/v1${path}`),
)

/** Without those that answer the same whatever they are asked. */
export const workingRoutes = adminRoutes.filter((route) => !constant.has(route))

/** What anybody may ask for: registration and login decide by the body. */
export const openRoutes = new Set([
  'POST /api/v1/auth/users',
  'POST /api/v1/auth/login',
  'ALL /api/v1/environments/:environment/onboarding-status',
])

const pathsOfGrants = ({ grants }: Tenant): Ids =>
  Object.fromEntries(
    Object.entries(grants).map(([place, id]) => {
      const [level = '', kind] = place.split('/')
      return [`${level}/:${level.replace(/s$/, '')}/${kind}/:grant`, id]
    }),
  )

export const idsOf = (tenant: Tenant): Ids => {
  const { world, main, inside, keys, group, colleague } = tenant
  const [option] = main.feature.multivariate_options
  if (option === undefined) throw new Error('the feature has options')
  return {
    'organisations/:organisation': world.organisation.id,
    'organisations/get-by-uuid/:uuid': world.organisation.uuid,
    'master-api-keys/:prefix': keys.kept.prefix,
    'users/:user': colleague.id,
    'user-detailed-permissions/:user': colleague.id,
    'all-user-permissions/:user': colleague.id,
    'groups/:group': group.id,
    'invites/:invite': keys.invite.id,
    'invite-links/:link': keys.link.id,
    'users/join/:hash': keys.invite.hash,
    'users/join/link/:hash': keys.link.hash,
    'audit/:entry': tenant.entry,
    'audit/:entry/revert': tenant.edit,
    // Of every log the first.
    'audit/leaf/:sequence': 1,
    'audit/entries/:sequence': 1,
    'projects/:project': main.project.id,
    'projects/get-by-uuid/:uuid': main.project.uuid,
    'environments/:environment': main.environment.api_key,
    'environments/get-by-uuid/:uuid': main.environment.uuid,
    // Named by its id, unlike all others.
    'environments/:environment/feature-lifecycle-counts': main.environment.id,
    // Only where a rotation runs.
    'environments/:environment/rotate-key/complete': tenant.rotating.api_key,
    'api-keys/:id': inside.serverKey.id,
    'environments/:environment/webhooks/:id': inside.webhook.id,
    'environments/:environment/webhooks/:id/abort-rotation': inside.turning.id,
    'environments/:environment/webhooks/:id/deliveries/:delivery': inside.delivery,
    'organisations/:organisation/webhooks/:id/deliveries/:delivery': tenant.hooks.delivery,
    'organisations/:organisation/webhooks/:id': tenant.hooks.webhook.id,
    'organisations/:organisation/webhooks/:id/abort-rotation': tenant.hooks.turning.id,
    'features/:feature': main.feature.id,
    'features/get-by-uuid/:uuid': main.feature.uuid,
    'mv-options/:option': option.id,
    'multivariate/options/get-by-uuid/:uuid': option.uuid,
    'tags/:tag': main.tag.id,
    'tags/get-by-uuid/:uuid': main.tag.uuid,
    'segments/:segment': main.segment.id,
    'segments/get-by-uuid/:uuid': main.segment.uuid,
    'segment-overrides/:segment': inside.specific.id,
    'environments/:environment/featurestates/:state': inside.ofOther.id,
    'features/featurestates/:state': inside.ofSegment.id,
    'features/featurestates/get-by-uuid/:uuid': inside.ofSegment.uuid,
    'features/feature-segments/:link': inside.ofSegment.feature_segment.id,
    'features/feature-segments/get-by-uuid/:uuid': inside.ofSegment.feature_segment.uuid,
    'identities/:identity': inside.identity.id,
    'identities/:identity/traits/:trait': inside.trait.id,
    'identities/:identity/featurestates/:state': inside.ofIdentity.id,
    ...pathsOfGrants(tenant),
  }
}

/** What of a known end is before words that tell it from others. */
const headOf = (end: string) => /^.*:\w+/.exec(end)?.[0]

/** The longest known end of the path as far as this parameter; or the whole path, if that is known. */
function lookUp(ids: Ids, path: string, upTo: string): string {
  const ends = Object.keys(ids).filter(
    (end) => upTo.endsWith(`/${headOf(end)}`) && (end === headOf(end) || path.endsWith(`/${end}`)),
  )
  const [end] = ends.sort((a, b) => b.length - a.length)
  const value = end === undefined ? undefined : ids[end]
  if (value === undefined) throw new Error(`test/support/tenant-paths.ts: what is ${upTo}?`)
  return String(value)
}

export const parametersOf = (path: string): string[] => path.match(/:\w+/g) ?? []

/** A real path. Each parameter is looked up in the ids that `choose` gives for its position. */
export function fill(path: string, choose: (position: number) => Ids): string {
  let position = 0
  return path.replace('/*', '/1').replace(/:\w+/g, (_, at: number) => {
    const upTo = path.slice(0, at) + (/^:\w+/.exec(path.slice(at))?.[0] ?? '')
    return encodeURIComponent(lookUp(choose(position++), path, upTo))
  })
}
