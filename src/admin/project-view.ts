/** Projects and their settings, as sent and as answered: contract admin-api §B.3. */
import { z } from '@hono/zod-openapi'
import { projectView } from '../delivery/place-views.ts'
import { bool, id, int, text, textOrNull } from '../http/fields.ts'
import type { Project } from '../storage/projects.ts'
import type { ProjectTotals } from '../storage/totals.ts'

/** No project may allow larger values; until a project's limit is known, this is the limit. */
export const maxValueBytes = 100_000

/** The settings of a project: what a request may send, and what its file holds. */
export const projectFields = {
  name: text(2000),
  hide_disabled_flags: bool(),
  prevent_flag_defaults: bool(),
  enable_realtime_updates: bool(),
  only_allow_lower_case_feature_names: bool(),
  feature_name_regex: textOrNull(255),
  stale_flags_limit_days: int(0, 2147483647),
  enforce_feature_owners: bool(),
  max_features_allowed: int(1, 10_000),
  max_segments_allowed: int(1, 5_000),
  max_segment_overrides_allowed: int(1, 20_000),
  max_segment_conditions_allowed: int(1, 1_000),
  max_feature_value_bytes: int(1, maxValueBytes),
}

/** Settings of the contract that mean nothing here: only the value that changes nothing is taken. */
const refused = {
  minimum_change_request_approvals: z
    .unknown()
    .refine((value) => value === null || value === undefined, {
      error: 'Change requests are not available: the number of approvals can only be null.',
    })
    .openapi({ type: 'null' }),
  show_edge_identity_overrides_for_feature: bool().refine((value) => !value, {
    error: 'There are no edge identities here: this can only be false.',
  }),
}

const settings = z.object({ ...projectFields, ...refused }).partial()

const withoutRefused = <T extends Partial<Record<keyof typeof refused, unknown>>>({
  minimum_change_request_approvals: _,
  show_edge_identity_overrides_for_feature: __,
  ...body
}: T) => body

export const settingsBody = settings.transform(withoutRefused)

export const createBody = settings
  .extend({ name: text(2000), organisation: id() })
  .transform(withoutRefused)

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

export const projectDetailSchema = projectSchema
  .extend({
    max_segments_allowed: z.int(),
    max_features_allowed: z.int(),
    max_segment_overrides_allowed: z.int(),
    max_segment_conditions_allowed: z.int(),
    max_feature_value_bytes: z.int(),
    total_features: z.int(),
    total_segments: z.int(),
  })
  .openapi('ProjectDetail')

/** The last two limits are ours; the contract has them as settings of the whole server (§B.7). */
export const projectDetailView = (
  project: Project,
  totals: ProjectTotals,
): z.infer<typeof projectDetailSchema> => ({
  ...projectView(project),
  max_segments_allowed: project.maxSegmentsAllowed,
  max_features_allowed: project.maxFeaturesAllowed,
  max_segment_overrides_allowed: project.maxSegmentOverridesAllowed,
  max_segment_conditions_allowed: project.maxSegmentConditionsAllowed,
  max_feature_value_bytes: project.maxFeatureValueBytes,
  total_features: totals.features,
  total_segments: totals.segments,
})
