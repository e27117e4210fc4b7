/**
 * What the contract names and Burgee does not have (admin-api parts F and G). Lists that clients read
 * are empty in their own style, because there is nothing of the kind; all else answers 404 and says
 * what to do instead. Mounted last: a route that is there comes first.
 */
import { createRoute, z } from '@hono/zod-openapi'
import {
  requireCaller,
  requireEnvironment,
  requireOrganisation,
  requireProject,
  requireUser,
} from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { pageOf } from '../http/paging.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeature } from '../storage/features.ts'
import { createAdminRouter } from './router.ts'
import { unavailable } from './unsupported-texts.ts'

/** Page objects and bare lists: contract §0.4. */
type Style = 'page' | 'bare'

const ofOrganisation: [string, Style][] = [
  ['roles', 'page'],
  ['users/{user}/roles', 'page'],
  ['groups/{group}/roles', 'page'],
  ['master-api-keys/{prefix}/roles', 'page'],
  ['api-usage-notification', 'page'],
  ['integrations/github', 'page'],
  ['integrations/grafana', 'bare'],
  ['metadata-model-fields', 'page'],
  ['metadata-model-fields/supported-content-types', 'bare'],
  ['metadata-model-fields/supported-required-for-models', 'bare'],
]

/** For people only, as the keys of the organisation are (contract §0.2). */
const ofAdministrator: [string, Style][] = [['trust-relationships', 'page']]

const ofProject: [string, Style][] = [
  ['change-requests', 'page'],
  ['release-pipelines', 'page'],
  ['metadata/fields', 'page'],
  ['feature-health/events', 'bare'],
  ['feature-health/providers', 'bare'],
  ['imports/launch-darkly', 'bare'],
  ['feature-exports', 'page'],
  ['feature-imports', 'page'],
  ['features/{feature}/feature-external-resources', 'page'],
  ['features/{feature}/code-references', 'bare'],
  ...['datadog', 'new-relic', 'gitlab', 'grafana'].map((name): [string, Style] => [
    `integrations/${name}`,
    'bare',
  ]),
]

const vendors = [
  ...['amplitude', 'heap', 'mixpanel', 'rudderstack', 'segment'],
  ...['dynatrace', 'sentry', 'slack', 'webhook', 'grafana'],
]

const ofEnvironment: [string, Style][] = [
  ['list-change-requests', 'page'],
  ['experiments', 'page'],
  ['experiment-metrics', 'page'],
  ['warehouse-connections', 'bare'],
  ['cohorts', 'bare'],
  ...vendors.map((name): [string, Style] => [`integrations/${name}`, 'bare']),
]

const ofCaller: [string, Style][] = [
  ['metadata/fields', 'page'],
  ['auth/saml/configuration', 'page'],
  ['auth/saml/attribute-mapping', 'page'],
]

const below = (place: string, lists: [string, Style][]) =>
  lists.map(([path, style]) => ({ path: `${place}/${path}`, style }))

/** Each list with what its caller must hold: as for any list of that place. */
const guarded = [
  ...below('/organisations/{organisation}', ofOrganisation).map((list) => ({
    ...list,
    guard: requireOrganisation('VIEW_ORGANISATION'),
  })),
  ...below('/organisations/{organisation}', ofAdministrator).map((list) => ({
    ...list,
    guard: [requireOrganisation('ADMINISTER_ORGANISATION'), requireUser],
  })),
  ...below('/projects/{project}', ofProject).map((list) => ({
    ...list,
    guard: requireProject('VIEW_PROJECT'),
  })),
  ...below('/environments/{environment}', ofEnvironment).map((list) => ({
    ...list,
    guard: requireEnvironment('VIEW_ENVIRONMENT'),
  })),
  ...below('', ofCaller).map((list) => ({ ...list, guard: requireCaller })),
]

const nothing = z.array(z.unknown()).max(0)
const emptyPage = { count: 0, next: null, previous: null, results: [] }

export const unsupportedRoutes = createAdminRouter()

for (const { path, style, guard } of guarded) {
  const route = createRoute({
    method: 'get',
    path,
    middleware: guard,
    summary: 'Always empty: Burgee has nothing of the kind.',
    responses: answers({ 200: style === 'page' ? pageOf(z.unknown()) : nothing }),
  })
  unsupportedRoutes.openapi(route, async (c) => {
    const named: string | undefined = c.req.param('feature')
    if (named !== undefined) {
      const feature = await findFeature(openDatabase(c.env.DB), pathId(named))
      const isOwn = feature?.projectId === pathId(c.req.param('project'))
      if (!isOwn) return refuse(c, notFound())
    }
    return style === 'page' ? c.json(emptyPage, 200) : c.json([], 200)
  })
}

/** The answer is the same for everybody, so that nothing about the place need be known. */
for (const [path, detail] of unavailable) {
  unsupportedRoutes.all(`${path}/*`, requireCaller, (c) => refuse(c, notFound(detail)))
}
