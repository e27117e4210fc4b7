/** The admin API: every resource mounted under one identification of the caller. */
import { except } from 'hono/combine'
import { identify } from '../auth/identify.ts'
import { boundedBody, noStore } from '../http/boundary.ts'
import { auditRoutes } from './audit.ts'
import { auditEntryRoutes, flagHistoryRoutes } from './audit-entries.ts'
import { auditErasureRoutes } from './audit-erasures.ts'
import { auditExportRoutes } from './audit-export.ts'
import { auditLogExportRoutes } from './audit-log-export.ts'
import { pathsOfLogs } from './audit-logs.ts'
import { auditProofRoutes } from './audit-proofs.ts'
import { auditRetentionRoutes } from './audit-retention.ts'
import { auditRevertRoutes } from './audit-revert.ts'
import { auditStreamRoutes } from './audit-stream.ts'
import { authRoutes } from './auth.ts'
import { deliveryRoutes } from './deliveries.ts'
import { recordDenied } from './denials.ts'
import { effectivePermissionRoutes } from './effective-permissions.ts'
import { environmentCloneRoutes } from './environment-clone.ts'
import { environmentDocumentRoutes } from './environment-document.ts'
import { environmentKeyRoutes } from './environment-keys.ts'
import { environmentMetricsRoutes } from './environment-metrics.ts'
import { environmentRoutes } from './environments.ts'
import { experimentsFlagRoutes } from './experiments-flags.ts'
import { featureListRoutes } from './feature-list.ts'
import { featureOwnerRoutes } from './feature-owners.ts'
import { featureSegmentRoutes } from './feature-segments.ts'
import { featureStateRoutes } from './feature-states.ts'
import { featureRoutes } from './features.ts'
import { futureFlagRoutes } from './future-flags.ts'
import { grantRoutes } from './grants.ts'
import { groupMemberRoutes } from './group-members.ts'
import { groupRoutes } from './groups.ts'
import { identityRoutes } from './identities.ts'
import { edgeIdentityRoutes } from './identities-edge.ts'
import { identityStateRoutes } from './identities-states.ts'
import { inviteLinkRoutes } from './invite-links.ts'
import { inviteRoutes } from './invites.ts'
import { joinRoutes } from './join.ts'
import { keyRotationRoutes } from './key-rotations.ts'
import { memberRoutes } from './members.ts'
import { optionRoutes } from './mv-options.ts'
import { organisationKeyRoutes } from './organisation-keys.ts'
import { organisationRoutes } from './organisations.ts'
import { overrideRoutes } from './overrides.ts'
import { permissionCatalogueRoutes } from './permission-catalogue.ts'
import { projectFileRoutes, takesFiles } from './project-files.ts'
import { projectRoutes } from './projects.ts'
import { createAdminRouter } from './router.ts'
import { segmentRoutes } from './segments.ts'
import { subscriptionRoutes } from './subscription.ts'
import { tagRoutes } from './tags.ts'
import { traitKeyRoutes } from './trait-keys.ts'
import { identityTraitRoutes } from './traits.ts'
import { unsupportedRoutes } from './unsupported.ts'
import { webhookRotationRoutes } from './webhook-rotations.ts'
import { webhookTestRoutes } from './webhook-test.ts'
import { webhookRoutes } from './webhooks.ts'

export const adminRoutes = createAdminRouter()

adminRoutes.use(noStore, except(takesFiles, boundedBody), identify, recordDenied)

const resources = [
  authRoutes,
  permissionCatalogueRoutes,
  organisationRoutes,
  organisationKeyRoutes,
  memberRoutes,
  groupRoutes,
  groupMemberRoutes,
  inviteRoutes,
  inviteLinkRoutes,
  joinRoutes,
  subscriptionRoutes,
  projectRoutes,
  projectFileRoutes,
  environmentRoutes,
  environmentKeyRoutes,
  environmentCloneRoutes,
  environmentDocumentRoutes,
  environmentMetricsRoutes,
  keyRotationRoutes,
  featureListRoutes,
  featureRoutes,
  featureOwnerRoutes,
  tagRoutes,
  optionRoutes,
  featureStateRoutes,
  segmentRoutes,
  featureSegmentRoutes,
  overrideRoutes,
  identityRoutes,
  identityTraitRoutes,
  traitKeyRoutes,
  identityStateRoutes,
  edgeIdentityRoutes,
  webhookRoutes,
  flagHistoryRoutes,
  webhookRotationRoutes,
  webhookTestRoutes,
  deliveryRoutes,
  auditErasureRoutes,
  auditRevertRoutes,
  auditRetentionRoutes,
  // Behind the logs: it takes any other word below `audit/` for an entry's id.
  auditRoutes,
  grantRoutes,
  effectivePermissionRoutes,
]

/** Of every log there is. */
const ofLogs = [
  auditProofRoutes,
  auditLogExportRoutes,
  auditEntryRoutes,
  auditExportRoutes,
  auditStreamRoutes,
]

for (const path of pathsOfLogs) for (const routes of ofLogs) adminRoutes.route(path, routes)
for (const routes of resources) adminRoutes.route('/', routes)
adminRoutes.route('/', unsupportedRoutes)

/** What stands beside `/api/v1`: contract §0.1. */
const futureRoutes = createAdminRouter()
const experimentsRoutes = createAdminRouter()

for (const routes of [futureRoutes, experimentsRoutes]) {
  routes.use(noStore, boundedBody, identify, recordDenied)
}
futureRoutes.route('/', futureFlagRoutes)
experimentsRoutes.route('/', experimentsFlagRoutes)

export const adminApps = {
  '/api/v1': adminRoutes,
  '/api/__future__': futureRoutes,
  '/api/experiments': experimentsRoutes,
}
