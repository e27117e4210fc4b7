/**
 * Projects and environments as the contract shows them wherever they stand beside something else: in
 * lists of administration and in what webhooks say (contract admin-api §B.3, §B.4, §C.5). Pure.
 */
import type { Environment } from '../storage/environments.ts'
import type { Project } from '../storage/projects.ts'

/** The light object of lists and audit entries. */
export const environmentView = (environment: Environment) => ({
  id: environment.id,
  uuid: environment.uuid,
  name: environment.name,
  api_key: environment.apiKey,
  description: environment.description,
  project: environment.projectId,
  minimum_change_request_approvals: null,
  allow_client_traits: environment.allowClientTraits,
  banner_text: environment.bannerText,
  banner_colour: environment.bannerColour,
  hide_disabled_flags: environment.hideDisabledFlags,
  hide_sensitive_data: environment.hideSensitiveData,
  use_identity_composite_key_for_hashing: environment.useIdentityCompositeKeyForHashing,
  use_mv_v2_evaluation: environment.useIdentityCompositeKeyForHashing,
  use_identity_overrides_in_local_eval: environment.useIdentityOverridesInLocalEval,
  use_v2_feature_versioning: false,
  is_creating: false,
})

export const projectView = (project: Project) => ({
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
  enforce_feature_owners: project.enforceFeatureOwners,
})
