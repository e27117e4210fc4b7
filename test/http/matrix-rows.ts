/**
 * The cross-tenant matrix: what every admin route answers to whom. One line is one path with its
 * methods; the columns before the bar are the answers to
 *
 *   an administrator of another organisation, that organisation's key, a member of ours without grants
 *
 * and, where it is not 200 (GET, PUT, PATCH), 201 (POST) or 204 (DELETE), the answer to our
 * administrator. ALL stands for a route that takes every method. Paths are below `/api/v1` unless they
 * say otherwise. Callers without a good credential get 401 everywhere and have no column.
 *
 * Foreign is 403 for organisations, 404 for all below them. A thing that a body or a query names is
 * refused as the contract says; a list that is narrowed to it is empty.
 */
export const rows = `
  # What names nothing of the tenant in its path
  403 403 403 403 | POST /auth/users
  400 400 400 400 | POST /auth/login
  204 403 204 204 | POST /auth/logout
  204 403 204 | DELETE /auth/token
  200 403 200 | GET PUT PATCH /auth/users/me
  200 200 200 | GET /organisations/permissions
  200 200 200 | GET /projects/permissions
  200 200 200 | GET /environments/permissions
  200 200 200 | GET /organisations
  201 403 201 | POST /organisations
  400 403 400 400 | POST /users/join/link/:hash
  400 403 400 400 | POST /users/join/:hash
  200 200 200 | GET /projects
  403 403 403 | POST /projects
  400 400 400 | GET /environments
  403 403 403 | POST /environments
  403 403 403 400 | POST /webhooks/test
  200 403 200 | GET /audit
  404 403 404 | GET /audit/:entry
  404 404 404 200 | POST /audit/:entry/revert
  200 200 200 | GET /metadata/fields
  200 200 200 | GET /auth/saml/configuration
  200 200 200 | GET /auth/saml/attribute-mapping
  # Below an organisation: strangers get 403
  403 403 403 | GET PUT PATCH DELETE /organisations/:organisation
  403 403 200 | GET /organisations/:organisation/projects
  403 403 403 | GET POST /organisations/:organisation/master-api-keys
  403 403 403 | GET PUT PATCH DELETE /organisations/:organisation/master-api-keys/:prefix
  403 403 200 | GET /organisations/:organisation/users
  403 403 403 200 | POST /organisations/:organisation/users/:user/update-role
  403 403 403 200 | POST /organisations/:organisation/remove-users
  403 403 200 | GET /organisations/:organisation/groups
  403 403 200 | GET /organisations/:organisation/groups/my-groups
  403 403 200 | GET /organisations/:organisation/groups/summaries
  403 403 403 | POST /organisations/:organisation/groups
  403 403 404 | GET /organisations/:organisation/groups/:group
  403 403 403 | PUT PATCH DELETE /organisations/:organisation/groups/:group
  403 403 403 200 | POST /organisations/:organisation/groups/:group/add-users
  403 403 403 200 | POST /organisations/:organisation/groups/:group/remove-users
  403 403 403 200 | POST /organisations/:organisation/groups/:group/users/:user/make-admin
  403 403 403 200 | POST /organisations/:organisation/groups/:group/users/:user/remove-admin
  403 403 403 | GET POST /organisations/:organisation/invites
  403 403 403 | POST /organisations/:organisation/invite
  403 403 403 | GET DELETE /organisations/:organisation/invites/:invite
  403 403 403 200 | POST /organisations/:organisation/invites/:invite/resend
  403 403 403 | GET POST /organisations/:organisation/invite-links
  403 403 403 | DELETE /organisations/:organisation/invite-links/:link
  403 403 403 | GET POST /organisations/:organisation/webhooks
  403 403 403 | GET PUT PATCH DELETE /organisations/:organisation/webhooks/:id
  403 403 403 200 | POST /organisations/:organisation/webhooks/:id/rotate-secret
  403 403 403 200 | POST /organisations/:organisation/webhooks/:id/promote-secret
  403 403 403 200 | POST /organisations/:organisation/webhooks/:id/abort-rotation
  403 403 403 | GET /organisations/:organisation/webhooks/:id/deliveries
  403 403 403 | GET /organisations/:organisation/webhooks/:id/deliveries/:delivery
  403 403 403 409 | POST /organisations/:organisation/webhooks/:id/deliveries/:delivery/resend
  403 403 403 200 | POST /organisations/:organisation/webhooks/:id/deliveries/:delivery/skip
  403 403 403 409 | POST /organisations/:organisation/webhooks/:id/deliveries/replay
  403 403 403 | GET /organisations/:organisation/get-subscription-metadata
  403 403 403 | POST /organisations/:organisation/import
  403 403 403 | GET POST /organisations/:organisation/user-permissions
  403 403 403 | PUT PATCH DELETE /organisations/:organisation/user-permissions/:grant
  403 403 403 | GET POST /organisations/:organisation/user-group-permissions
  403 403 403 | PUT PATCH DELETE /organisations/:organisation/user-group-permissions/:grant
  403 403 200 | GET /organisations/:organisation/my-permissions
  403 403 403 | GET /organisations/:organisation/user-detailed-permissions/:user
  403 403 200 | GET /organisations/:organisation/roles
  403 403 200 | GET /organisations/:organisation/users/:user/roles
  403 403 200 | GET /organisations/:organisation/groups/:group/roles
  403 403 200 | GET /organisations/:organisation/master-api-keys/:prefix/roles
  403 403 403 | GET /organisations/:organisation/trust-relationships
  403 403 200 | GET /organisations/:organisation/api-usage-notification
  403 403 200 | GET /organisations/:organisation/integrations/github
  403 403 200 | GET /organisations/:organisation/integrations/grafana
  403 403 200 | GET /organisations/:organisation/metadata-model-fields
  403 403 200 | GET /organisations/:organisation/metadata-model-fields/supported-content-types
  403 403 200 | GET /organisations/:organisation/metadata-model-fields/supported-required-for-models
  # Below a project
  404 404 404 | GET PUT PATCH DELETE /projects/:project
  404 404 404 | GET /projects/:project/export
  404 404 404 | GET /projects/:project/environments
  404 404 404 | GET POST /projects/:project/features
  404 404 404 | GET PUT PATCH DELETE /projects/:project/features/:feature
  404 404 404 200 | POST /projects/:project/features/:feature/add-owners
  404 404 404 200 | POST /projects/:project/features/:feature/add-group-owners
  404 404 404 200 | POST /projects/:project/features/:feature/remove-owners
  404 404 404 200 | POST /projects/:project/features/:feature/remove-group-owners
  404 404 404 | GET POST /projects/:project/tags
  404 404 404 | GET /projects/:project/tags/get-by-uuid/:uuid
  404 404 404 | GET PUT PATCH DELETE /projects/:project/tags/:tag
  404 404 404 | GET POST /projects/:project/features/:feature/mv-options
  404 404 404 | GET PUT PATCH DELETE /projects/:project/features/:feature/mv-options/:option
  404 404 404 | GET POST /projects/:project/segments
  404 404 404 | GET PUT PATCH DELETE /projects/:project/segments/:segment
  404 404 404 | POST /projects/:project/segments/:segment/clone
  404 404 404 | GET /projects/:project/segments/:segment/associated-features
  404 404 404 | GET /projects/:project/audit
  404 404 404 | GET /projects/:project/audit/:entry
  404 404 404 | GET /projects/:project/features/:feature/history
  404 404 404 | GET POST /projects/:project/user-permissions
  404 404 404 | GET PUT PATCH DELETE /projects/:project/user-permissions/:grant
  404 404 404 | GET POST /projects/:project/user-group-permissions
  404 404 404 | GET PUT PATCH DELETE /projects/:project/user-group-permissions/:grant
  404 404 404 | GET /projects/:project/my-permissions
  404 404 404 | GET /projects/:project/user-detailed-permissions/:user
  404 404 404 | GET /projects/:project/all-user-permissions/:user
  404 404 404 | GET /projects/:project/change-requests
  404 404 404 | GET /projects/:project/release-pipelines
  404 404 404 | GET /projects/:project/metadata/fields
  404 404 404 | GET /projects/:project/feature-exports
  404 404 404 | GET /projects/:project/feature-imports
  404 404 404 | GET /projects/:project/feature-health/events
  404 404 404 | GET /projects/:project/feature-health/providers
  404 404 404 | GET /projects/:project/imports/launch-darkly
  404 404 404 | GET /projects/:project/features/:feature/feature-external-resources
  404 404 404 | GET /projects/:project/features/:feature/code-references
  404 404 404 | GET /projects/:project/integrations/datadog
  404 404 404 | GET /projects/:project/integrations/new-relic
  404 404 404 | GET /projects/:project/integrations/gitlab
  404 404 404 | GET /projects/:project/integrations/grafana
  # Below an environment
  404 404 404 | GET PUT PATCH DELETE /environments/:environment
  404 404 404 | GET POST /environments/:environment/api-keys
  404 404 404 | PUT PATCH DELETE /environments/:environment/api-keys/:id
  404 404 404 200 | POST /environments/:environment/clone
  404 404 404 | GET /environments/:environment/document
  404 404 404 | GET /environments/:environment/metrics
  404 404 404 404 | ALL /environments/:environment/onboarding-status
  404 404 404 404 | ALL /environments/:environment/feature-lifecycle-counts
  404 404 404 400 | ALL /environments/:environment/enable-v2-versioning
  404 404 404 400 | ALL /environments/:environment/disable-v2-versioning
  404 404 404 | GET /environments/:environment/rotate-key
  404 404 404 200 | POST /environments/:environment/rotate-key
  404 404 404 200 | POST /environments/:environment/rotate-key/abort
  404 404 404 200 | POST /environments/:environment/rotate-key/complete
  404 404 404 | GET POST /environments/:environment/featurestates
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/featurestates/:state
  404 404 404 | POST /environments/:environment/features/:feature/create-segment-override
  404 404 404 | GET POST /environments/:environment/identities
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/identities/:identity
  404 404 404 | GET POST /environments/:environment/identities/:identity/traits
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/identities/:identity/traits/:trait
  404 404 404 | GET /environments/:environment/trait-keys
  404 404 404 200 | POST /environments/:environment/delete-traits
  404 404 404 | GET POST /environments/:environment/identities/:identity/featurestates
  404 404 404 | GET /environments/:environment/identities/:identity/featurestates/all
  404 404 404 200 | POST /environments/:environment/identities/:identity/featurestates/clone-from-given-identity
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/identities/:identity/featurestates/:state
  404 404 404 | GET POST /environments/:environment/webhooks
  404 404 404 | PUT PATCH DELETE /environments/:environment/webhooks/:id
  404 404 404 200 | POST /environments/:environment/webhooks/:id/rotate-secret
  404 404 404 200 | POST /environments/:environment/webhooks/:id/promote-secret
  404 404 404 200 | POST /environments/:environment/webhooks/:id/abort-rotation
  404 404 404 | GET /environments/:environment/webhooks/:id/deliveries
  404 404 404 | GET /environments/:environment/webhooks/:id/deliveries/:delivery
  404 404 404 409 | POST /environments/:environment/webhooks/:id/deliveries/:delivery/resend
  404 404 404 200 | POST /environments/:environment/webhooks/:id/deliveries/:delivery/skip
  404 404 404 409 | POST /environments/:environment/webhooks/:id/deliveries/replay
  404 404 404 | GET POST /environments/:environment/user-permissions
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/user-permissions/:grant
  404 404 404 | GET POST /environments/:environment/user-group-permissions
  404 404 404 | GET PUT PATCH DELETE /environments/:environment/user-group-permissions/:grant
  404 404 404 | GET /environments/:environment/my-permissions
  404 404 404 | GET /environments/:environment/user-detailed-permissions/:user
  404 404 404 | GET /environments/:environment/list-change-requests
  404 404 404 | GET /environments/:environment/experiments
  404 404 404 | GET /environments/:environment/experiment-metrics
  404 404 404 | GET /environments/:environment/warehouse-connections
  404 404 404 | GET /environments/:environment/cohorts
  404 404 404 | GET /environments/:environment/integrations/amplitude
  404 404 404 | GET /environments/:environment/integrations/heap
  404 404 404 | GET /environments/:environment/integrations/mixpanel
  404 404 404 | GET /environments/:environment/integrations/rudderstack
  404 404 404 | GET /environments/:environment/integrations/segment
  404 404 404 | GET /environments/:environment/integrations/dynatrace
  404 404 404 | GET /environments/:environment/integrations/sentry
  404 404 404 | GET /environments/:environment/integrations/slack
  404 404 404 | GET /environments/:environment/integrations/webhook
  404 404 404 | GET /environments/:environment/integrations/grafana
  # Named by id or uuid alone, and beside /api/v1
  404 404 200 | GET /organisations/get-by-uuid/:uuid
  404 404 404 | GET /projects/get-by-uuid/:uuid
  404 404 404 | GET /environments/get-by-uuid/:uuid
  404 404 404 | GET /features/get-by-uuid/:uuid
  404 404 404 | GET /multivariate/options/get-by-uuid/:uuid
  404 404 404 | GET /features/featurestates/get-by-uuid/:uuid
  404 404 404 | PUT PATCH /features/featurestates/:state
  404 404 404 | GET /segments/get-by-uuid/:uuid
  200 200 200 | GET /features/feature-segments
  403 403 403 | POST /features/feature-segments
  404 404 404 | GET /features/feature-segments/get-by-uuid/:uuid
  404 404 404 | GET PUT PATCH DELETE /features/feature-segments/:link
  400 400 400 200 | POST /features/feature-segments/update-priorities
  403 403 403 | GET POST /features/featurestates
  404 404 404 | GET PATCH PUT /api/__future__/environments/:environment/features/:feature
  404 404 404 200 | DELETE /api/__future__/environments/:environment/features/:feature/segment-overrides/:segment
  404 404 404 204 | POST /api/experiments/environments/:environment/update-flag-v1
  404 404 404 204 | POST /api/experiments/environments/:environment/update-flag-v2
  404 404 404 204 | POST /api/experiments/environments/:environment/delete-segment-override
  # What Burgee does not have
  403 403 403 | GET /organisations/:organisation/audit
  403 403 403 | GET /organisations/:organisation/audit/:entry
  403 403 403 | GET /organisations/:organisation/audit/checkpoint
  403 403 403 | GET /organisations/:organisation/audit/key
  403 403 403 | GET /organisations/:organisation/audit/leaf/:sequence
  403 403 403 | GET /organisations/:organisation/audit/proof/inclusion
  403 403 403 | GET /organisations/:organisation/audit/proof/consistency
  403 403 403 | GET /organisations/:organisation/audit/entries
  403 403 403 | GET /organisations/:organisation/audit/entries/:sequence
  403 403 403 | GET /organisations/:organisation/audit/export
  403 403 403 | GET /organisations/:organisation/audit/export/log
  403 403 403 | GET /organisations/:organisation/audit/stream
  403 403 403 200 | POST /organisations/:organisation/audit/erasures
  403 403 403 | GET PUT /organisations/:organisation/audit/retention
  403 403 403 403 | GET /instance/audit/checkpoint
  403 403 403 403 | GET /instance/audit/key
  403 403 403 403 | GET /instance/audit/leaf/:sequence
  403 403 403 403 | GET /instance/audit/proof/inclusion
  403 403 403 403 | GET /instance/audit/proof/consistency
  403 403 403 403 | GET /instance/audit/entries
  403 403 403 403 | GET /instance/audit/entries/:sequence
  403 403 403 403 | GET /instance/audit/export
  403 403 403 403 | GET /instance/audit/export/log
  403 403 403 403 | GET /instance/audit/stream
  403 403 403 | ALL /organisations/:organisation/usage-data
  403 403 403 | ALL /organisations/:organisation/usage-data/total-count
  404 404 404 400 | ALL /environments/:environment/edge-identities/*
  404 404 404 400 | ALL /environments/:environment/edge-identity-overrides/*
  404 404 404 400 | ALL /environments/environments/:environment/edge-identities-featurestates/*
  404 404 404 | ALL /environments/:environment/experiments/*
  404 404 404 | ALL /environments/:environment/experiment-metrics/*
  404 404 404 | ALL /environments/:environment/warehouse-connections/*
  404 404 404 | ALL /environments/:environment/cohorts/*
  404 404 404 | ALL /projects/:project/segments/:segment/members/*
  404 404 404 | ALL /projects/:project/feature-health/*
  404 404 404 | ALL /feature-health/*
  404 404 404 | ALL /projects/:project/code-references/*
  404 404 404 | ALL /projects/:project/features/:feature/code-references/*
  404 404 404 | ALL /projects/:project/features/:feature/feature-external-resources/*
  404 404 404 | ALL /organisations/:organisation/github/*
  404 404 404 | ALL /organisations/:organisation/integrations/*
  404 404 404 | ALL /projects/:project/integrations/*
  404 404 404 | ALL /projects/:project/gitlab/*
  404 404 404 | ALL /environments/:environment/integrations/*
  404 404 404 | ALL /github-webhook/*
  404 404 404 | ALL /gitlab-webhook/*
  404 404 404 | ALL /projects/:project/release-pipelines/*
  404 404 404 | ALL /environments/:environment/create-change-request/*
  404 404 404 | ALL /environments/:environment/list-change-requests/*
  404 404 404 | ALL /projects/:project/change-requests/*
  404 404 404 | ALL /features/create-feature-export/*
  404 404 404 | ALL /features/download-feature-export/*
  404 404 404 | ALL /features/feature-import/*
  404 404 404 | ALL /features/workflows/*
  404 404 404 | ALL /environments/:environment/features/:feature/versions/*
  404 404 404 | ALL /environment-feature-versions/*
  404 404 404 | ALL /organisations/:organisation/roles/*
  404 404 404 | ALL /organisations/:organisation/users/:user/roles/*
  404 404 404 | ALL /organisations/:organisation/groups/:group/roles/*
  404 404 404 | ALL /organisations/:organisation/master-api-keys/:prefix/roles/*
  404 404 404 | ALL /auth/saml/*
  404 404 404 | ALL /scim/*
  404 404 404 | ALL /organisations/:organisation/scim/*
  404 404 404 | ALL /organisations/:organisation/licence/*
  404 404 404 | ALL /organisations/:organisation/trust-relationships/*
  404 404 404 | ALL /auth/oidc/*
  404 404 404 | ALL /oauth/*
  404 404 404 | ALL /projects/:project/migrate-to-edge/*
  404 404 404 | ALL /organisations/:organisation/update-subscription/*
  404 404 404 | ALL /organisations/:organisation/portal-url/*
  404 404 404 | ALL /organisations/:organisation/get-hosted-page-url-for-subscription-upgrade/*
  404 404 404 | ALL /organisations/:organisation/api-usage-notification/*
  404 404 404 | ALL /cb-webhook/*
  404 404 404 | ALL /projects/:project/imports/*
  404 404 404 | ALL /metadata/*
  404 404 404 | ALL /projects/:project/metadata/*
  404 404 404 | ALL /organisations/:organisation/metadata-model-fields/*
  404 404 404 | ALL /admin/dashboard/*
  404 404 404 | ALL /auth/users/me/onboarding/*
  404 404 404 | ALL /onboarding/*
  404 404 404 | ALL /analytics/telemetry/*
  404 404 404 | ALL /organisations/:organisation/influx-data/*
  404 404 404 | ALL /organisations/:organisation/usage/*
  404 404 404 | ALL /projects/:project/features/:feature/influx-data/*
  404 404 404 | ALL /projects/:project/features/:feature/evaluation-data/*
`
