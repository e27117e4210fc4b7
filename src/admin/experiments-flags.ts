/**
 * `/api/experiments/environments/{environment}/`: the older writes of a whole flag, contract admin-api
 * §B.12. All of them are `flag.change` and answer nothing; UPDATE_FEATURE_STATE is enough for each.
 */
import { createRoute, z } from '@hono/zod-openapi'
import { requireEnvironment } from '../auth/require.ts'
import type { WantedOverride } from '../domain/flag-refusals.ts'
import { bool, id, number, text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { invalid, type Outcome, ok, type Refusal } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import { findFeature, findFeatureByName } from '../storage/features.ts'
import { priority } from './feature-segment-view.ts'
import { maxOverrides, toStateChanges, valueBody } from './future-flag-view.ts'
import { type AdminContext, commitFor, createAdminRouter } from './router.ts'

const base = '/environments/{environment}'

const featureBody = z
  .object({ id: id().optional(), name: text(2000).optional() })
  .refine((named) => (named.id === undefined) !== (named.name === undefined), {
    error: 'Name the feature by its id or by its name.',
  })

const state = { enabled: bool(), value: valueBody }

const firstBody = z.object({
  feature: featureBody,
  segment: z.object({ id: id(), priority: priority().nullish() }).nullish(),
  ...state,
})

const share = z.object({
  multivariate_feature_option: id(),
  percentage_allocation: number(0, 100),
})

const secondBody = z.object({
  feature: featureBody,
  environment_default: z.object(state),
  segment_overrides: z
    .array(
      z.object({
        segment_id: id(),
        priority: priority().nullish(),
        ...state,
        multivariate_feature_state_values: z.array(share).max(100).optional(),
      }),
    )
    .max(maxOverrides)
    .optional(),
})

type Here = AdminContext & {
  var: { environment: { id: number }; project: { id: number; organisationId: number } }
}

async function placeOf(
  c: Here,
  named: z.infer<typeof featureBody>,
): Promise<Outcome<{ environmentId: number; featureId: number }>> {
  const { environment, project } = c.var
  const db = openDatabase(c.env.DB)
  const feature =
    named.id === undefined
      ? await findFeatureByName(db, project.id, named.name ?? '')
      : await findFeature(db, named.id)
  return feature?.projectId === project.id
    ? ok({ environmentId: environment.id, featureId: feature.id })
    : invalid({ feature: ['Feature not found.'] })
}

const priorityOf = (sent: { priority?: number | null | undefined }) =>
  sent.priority == null ? {} : { priority: sent.priority }

/** A body about one state has no list: its errors stand where it has its fields. */
function unlisted(refusal: Refusal): Refusal {
  if (refusal.kind !== 'invalid') return refusal
  const { environment_default: own, segment_overrides: overrides, ...rest } = refusal.errors
  const [override] = Array.isArray(overrides) ? overrides : []
  const errors = own ?? override
  return typeof errors === 'object' && !Array.isArray(errors)
    ? invalid({ ...rest, ...errors })
    : refusal
}

export const experimentsFlagRoutes = createAdminRouter()

/** The environment's own state, or the override of the segment that is named. */
experimentsFlagRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${base}/update-flag-v1`,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    request: { body: jsonBody(firstBody) },
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { feature, segment, ...sent } = c.req.valid('json')
    const place = await placeOf(c, feature)
    if (place.kind !== 'ok') return refuse(c, place)
    const changes = toStateChanges(sent)
    const wanted =
      segment == null
        ? { own: changes }
        : { overrides: [{ segmentId: segment.id, ...priorityOf(segment), changes }] }
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'flag.change',
      input: { ...place.value, ...wanted, replace: false },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, unlisted(outcome))
  },
)

/** Overrides that it does not name stay; new ones stand behind all others unless they say where. */
experimentsFlagRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${base}/update-flag-v2`,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    request: { body: jsonBody(secondBody) },
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { feature, environment_default: own, segment_overrides: sent } = c.req.valid('json')
    const place = await placeOf(c, feature)
    if (place.kind !== 'ok') return refuse(c, place)
    const overrides = sent?.map(
      ({ segment_id, multivariate_feature_state_values: shares, ...override }): WantedOverride => ({
        segmentId: segment_id,
        ...priorityOf(override),
        changes: toStateChanges({
          ...override,
          variants: shares?.map((one) => ({
            id: one.multivariate_feature_option,
            weight: one.percentage_allocation,
          })),
        }),
      }),
    )
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'flag.change',
      input: {
        ...place.value,
        own: toStateChanges(own),
        ...(overrides === undefined ? {} : { overrides }),
        replace: false,
      },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)

experimentsFlagRoutes.openapi(
  createRoute({
    method: 'post',
    path: `${base}/delete-segment-override`,
    middleware: [requireEnvironment('UPDATE_FEATURE_STATE')] as const,
    request: {
      body: jsonBody(z.object({ feature: featureBody, segment: z.object({ id: id() }) })),
    },
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { feature, segment } = c.req.valid('json')
    const place = await placeOf(c, feature)
    if (place.kind !== 'ok') return refuse(c, place)
    const outcome = await commitFor(c, c.var.project.organisationId, {
      write: 'flag.delete-override',
      input: { ...place.value, segmentId: segment.id },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
