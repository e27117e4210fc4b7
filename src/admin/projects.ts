/** `projects/`: contract admin-api §B.3. */
import { createRoute, z } from '@hono/zod-openapi'
import {
  organisationsWith,
  projectWith,
  requireCaller,
  requireProject,
  standingOf,
} from '../auth/require.ts'
import { may } from '../domain/permissions.ts'
import { blankText, bool, id, int, text } from '../http/fields.ts'
import { camelKeys } from '../http/names.ts'
import { refuse } from '../http/refuse.ts'
import { answers, jsonBody } from '../http/routes.ts'
import { forbidden, notFound } from '../outcome.ts'
import { type Database, openDatabase } from '../storage/database.ts'
import { countFeatures } from '../storage/features.ts'
import { findProjectByUuid, listProjects, type Project } from '../storage/projects.ts'
import { commitFor, createAdminRouter } from './router.ts'

/** No pattern is null; a client that cannot send null sends blank text. */
const pattern = blankText(255)
  .nullable()
  .transform((value) => (value === '' ? null : value))

const settingsBody = z
  .object({
    name: text(2000),
    hide_disabled_flags: bool(),
    prevent_flag_defaults: bool(),
    enable_realtime_updates: bool(),
    only_allow_lower_case_feature_names: bool(),
    feature_name_regex: pattern,
    stale_flags_limit_days: int(0, 2147483647),
  })
  .partial()

const createBody = settingsBody.extend({ name: text(2000), organisation: id() })

export const projectSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    name: z.string(),
    organisation: z.int(),
    hide_disabled_flags: z.boolean(),
    enable_dynamo_db: z.boolean(),
    migration_status: z.string(),
    use_edge_identities: z.boolean(),
    prevent_flag_defaults: z.boolean(),
    enable_realtime_updates: z.boolean(),
    only_allow_lower_case_feature_names: z.boolean(),
    feature_name_regex: z.string().nullable(),
    show_edge_identity_overrides_for_feature: z.boolean(),
    stale_flags_limit_days: z.int(),
    edge_v2_migration_status: z.string(),
    minimum_change_request_approvals: z.int().nullable(),
    enforce_feature_owners: z.boolean(),
  })
  .openapi('Project')

export const projectView = (project: Project): z.infer<typeof projectSchema> => ({
  id: project.id,
  uuid: project.uuid,
  name: project.name,
  organisation: project.organisationId,
  hide_disabled_flags: project.hideDisabledFlags,
  enable_dynamo_db: false,
  migration_status: 'NOT_APPLICABLE',
  use_edge_identities: false,
  prevent_flag_defaults: project.preventFlagDefaults,
  enable_realtime_updates: project.enableRealtimeUpdates,
  only_allow_lower_case_feature_names: project.onlyAllowLowerCaseFeatureNames,
  feature_name_regex: project.featureNameRegex,
  show_edge_identity_overrides_for_feature: false,
  stale_flags_limit_days: project.staleFlagsLimitDays,
  edge_v2_migration_status: 'NOT_STARTED',
  minimum_change_request_approvals: null,
  enforce_feature_owners: false,
})

const projectDetailSchema = projectSchema
  .extend({
    max_segments_allowed: z.int(),
    max_features_allowed: z.int(),
    max_segment_overrides_allowed: z.int(),
    total_features: z.int(),
    total_segments: z.int(),
  })
  .openapi('ProjectDetail')

/** The maxima are the contract's figures, which clients show; nothing is refused beyond them here. */
const projectDetailView = async (
  db: Database,
  project: Project,
): Promise<z.infer<typeof projectDetailSchema>> => ({
  ...projectView(project),
  max_segments_allowed: 500,
  max_features_allowed: 1000,
  max_segment_overrides_allowed: 2000,
  total_features: await countFeatures(db, project.id),
  total_segments: 0,
})

const one = '/projects/{project}'

export const projectRoutes = createAdminRouter()

/** Bare list of the projects that the caller may see; `?organisation=` and `?uuid=` narrow it. */
projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects',
    middleware: [requireCaller] as const,
    request: { query: z.object({ organisation: id().optional(), uuid: z.string().optional() }) },
    responses: answers({ 200: z.array(projectSchema) }),
  }),
  async (c) => {
    const query = c.req.valid('query')
    const db = openDatabase(c.env.DB)
    const visible = await organisationsWith(db, c.var.caller, 'VIEW_PROJECT')
    const asked = visible.filter(
      (organisation) => (query.organisation ?? organisation) === organisation,
    )
    const found = await listProjects(db, asked)
    return c.json(
      found.filter((project) => (query.uuid ?? project.uuid) === project.uuid).map(projectView),
      200,
    )
  },
)

/** Needs CREATE_PROJECT in the organisation that the body names. */
projectRoutes.openapi(
  createRoute({
    method: 'post',
    path: '/projects',
    middleware: [requireCaller] as const,
    request: { body: jsonBody(createBody) },
    responses: answers({ 201: projectSchema }),
  }),
  async (c) => {
    const { organisation, ...body } = c.req.valid('json')
    const standing = await standingOf(openDatabase(c.env.DB), c.var.caller, organisation)
    if (!may(standing, 'CREATE_PROJECT')) return refuse(c, forbidden())
    const outcome = await commitFor(c, organisation, {
      write: 'project.create',
      input: { organisationId: organisation, settings: camelKeys(body) },
    })
    return outcome.kind === 'ok' ? c.json(projectView(outcome.value), 201) : refuse(c, outcome)
  },
)

projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: '/projects/get-by-uuid/{uuid}',
    middleware: [requireCaller] as const,
    responses: answers({ 200: projectDetailSchema }),
  }),
  async (c) => {
    const db = openDatabase(c.env.DB)
    const found = await findProjectByUuid(db, c.req.param('uuid'))
    const project = found && (await projectWith(c, found.id, 'VIEW_PROJECT'))
    return project === undefined
      ? refuse(c, notFound())
      : c.json(await projectDetailView(db, project), 200)
  },
)

projectRoutes.openapi(
  createRoute({
    method: 'get',
    path: one,
    middleware: [requireProject('VIEW_PROJECT')] as const,
    responses: answers({ 200: projectDetailSchema }),
  }),
  async (c) => c.json(await projectDetailView(openDatabase(c.env.DB), c.var.project), 200),
)

/** PUT is as lenient as PATCH: what the body leaves out stays (contract §0.3). */
for (const method of ['put', 'patch'] as const) {
  projectRoutes.openapi(
    createRoute({
      method,
      path: one,
      middleware: [requireProject('ADMINISTER_PROJECT')] as const,
      request: { body: jsonBody(settingsBody) },
      responses: answers({ 200: projectSchema }),
    }),
    async (c) => {
      const { project } = c.var
      const outcome = await commitFor(c, project.organisationId, {
        write: 'project.update',
        input: { id: project.id, settings: camelKeys(c.req.valid('json')) },
      })
      return outcome.kind === 'ok' ? c.json(projectView(outcome.value), 200) : refuse(c, outcome)
    },
  )
}

projectRoutes.openapi(
  createRoute({
    method: 'delete',
    path: one,
    middleware: [requireProject('ADMINISTER_PROJECT')] as const,
    responses: answers({ 204: null }),
  }),
  async (c) => {
    const { project } = c.var
    const outcome = await commitFor(c, project.organisationId, {
      write: 'project.delete',
      input: { id: project.id },
    })
    return outcome.kind === 'ok' ? c.body(null, 204) : refuse(c, outcome)
  },
)
