/** Reading a project's features, from an environment if one is named: contract admin-api §B.5. */
import { createRoute, type z } from '@hono/zod-openapi'
import { requireProject } from '../auth/require.ts'
import { pathId } from '../http/fields.ts'
import { pageAt, pageOf, toPage } from '../http/paging.ts'
import { etagOf } from '../http/preconditions.ts'
import { refuse } from '../http/refuse.ts'
import { answers } from '../http/routes.ts'
import { notFound } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { pageFeatures } from '../storage/feature-list.ts'
import type { FeatureState } from '../storage/feature-states.ts'
import { type Feature, findFeature } from '../storage/features.ts'
import {
  type Counted,
  listStatesOfFeatures,
  type StatesOfFeatures,
  type Viewpoint,
} from '../storage/states-of-features.ts'
import { toFlagValue } from '../storage/values.ts'
import { readWholeFeatures } from '../storage/whole-features.ts'
import { featureQuery, filterOf, sortOf, viewpointOf, viewpointQuery } from './feature-query.ts'
import { featureSchema, featureView } from './feature-view.ts'
import { createAdminRouter } from './router.ts'

type FeatureView = z.infer<typeof featureSchema>

const stateView = (state: FeatureState | undefined): FeatureView['environment_feature_state'] =>
  state === undefined
    ? null
    : {
        id: state.id,
        feature_state_value: toFlagValue(state),
        environment: state.environmentId,
        identity: state.identityId,
        feature_segment: state.featureSegmentId,
        enabled: state.enabled,
      }

/** Lays what the features are in one environment over what they are anywhere. */
function withStates(views: FeatureView[], states: StatesOfFeatures): FeatureView[] {
  const byFeature = (rows: FeatureState[]) => new Map(rows.map((row) => [row.featureId, row]))
  const counted = (rows: Counted[]) => new Map(rows.map((row) => [row.featureId, row.count]))
  const defaults = byFeature(states.defaults)
  const ofIdentity = byFeature(states.ofIdentity)
  const ofSegment = byFeature(states.ofSegment)
  const segmentOverrides = counted(states.segmentOverrides)
  const identityOverrides = counted(states.identityOverrides)
  return views.map((view) => ({
    ...view,
    environment_feature_state: stateView(ofIdentity.get(view.id) ?? defaults.get(view.id)),
    segment_feature_state: stateView(ofSegment.get(view.id)),
    num_segment_overrides: segmentOverrides.get(view.id) ?? 0,
    num_identity_overrides: identityOverrides.get(view.id) ?? 0,
  }))
}

/**
 * States and numbers of overrides are those of one environment. Without one they are null and 0:
 * some environments may be none of the caller's business.
 */
async function viewsFrom(
  db: Database,
  viewpoint: Viewpoint | undefined,
  features: Feature[],
): Promise<FeatureView[]> {
  const ids = features.map((feature) => feature.id)
  const [whole, states] = await Promise.all([
    readWholeFeatures(db, features),
    viewpoint && listStatesOfFeatures(db, ids, viewpoint),
  ])
  const views = whole.map(featureView)
  return states === undefined ? views : withStates(views, states)
}

const list = '/projects/{project}/features'
const one = '/projects/{project}/features/{feature}'

export const featureListRoutes = createAdminRouter()

/** Page of up to 999. */
featureListRoutes.openapi(
  createRoute({
    method: 'get',
    path: list,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: { query: featureQuery },
    responses: answers({ 200: pageOf(featureSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const projectId = c.var.project.id
    const at = pageAt(query, 999)
    if (at.kind !== 'ok') return refuse(c, at)
    const viewpoint = await viewpointOf(c, projectId, query)
    if (viewpoint.kind !== 'ok') return refuse(c, viewpoint)
    const db = openDatabase(c.env.DB)
    const asked = { projectId, filter: filterOf(query, viewpoint.value), sort: sortOf(query) }
    const found = await pageFeatures(db, asked, at.value)
    const results = await viewsFrom(db, viewpoint.value, found.rows)
    const page = toPage(c, at.value, { count: found.count, results })
    return page.kind === 'ok' ? c.json(page.value, 200) : refuse(c, page)
  },
)

/** From an environment as in the list, where one is named: the contract leaves that open. */
featureListRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    request: { query: viewpointQuery },
    responses: answers({ 200: featureSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const feature = await findFeature(db, pathId(c.req.param('feature')))
    if (feature?.projectId !== c.var.project.id) return refuse(c, notFound())
    const viewpoint = await viewpointOf(c, feature.projectId, c.req.valid('query'))
    if (viewpoint.kind !== 'ok') return refuse(c, viewpoint)
    const [view] = await viewsFrom(db, viewpoint.value, [feature])
    return view === undefined ? refuse(c, notFound()) : c.json(view, 200, etagOf(feature.version))
  },
)
