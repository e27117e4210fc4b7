/** The register of writes: every admin change there is, by name. What is not here cannot happen. */
import type { Outcome } from '../outcome.ts'
import { recordAttempt } from './attempts.ts'
import { eraseFromAudit } from './audit-erasures.ts'
import { pruneAuditLog, setAuditRetention } from './audit-retention.ts'
import { cloneOverrides } from './cloned-overrides.ts'
import { replayDeliveries, resendDelivery, skipDelivery } from './deliveries.ts'
import { cloneEnvironment } from './environment-clone.ts'
import {
  createEnvironmentKey,
  deleteEnvironmentKey,
  updateEnvironmentKey,
} from './environment-keys.ts'
import { createEnvironment, deleteEnvironment, updateEnvironment } from './environments.ts'
import { createFeature } from './feature-create.ts'
import { addFeatureOwners, removeFeatureOwners } from './feature-owners.ts'
import {
  createFeatureSegment,
  deleteFeatureSegment,
  reorderFeatureSegments,
} from './feature-segments.ts'
import { updateFeatureState } from './feature-states.ts'
import { deleteFeature, updateFeature } from './features.ts'
import { changeFlag, deleteFlagOverride } from './flag-changes.ts'
import { createGrant, deleteGrant, updateGrant } from './grants.ts'
import {
  addUsersToGroup,
  createGroup,
  deleteGroup,
  removeUsersFromGroup,
  setGroupAdmin,
  updateGroup,
} from './groups.ts'
import { createIdentity, deleteIdentity, updateIdentity } from './identities.ts'
import { createInviteLink, deleteInviteLink } from './invite-links.ts'
import { createInvites, deleteInvite, renewInvite } from './invites.ts'
import { joinByInvite, joinByLink } from './joining.ts'
import {
  abortKeyRotation,
  completeKeyRotation,
  endKeyRotation,
  startKeyRotation,
} from './key-rotations.ts'
import { removeMembers, updateRole } from './members.ts'
import { createOption, deleteOption, updateOption } from './options.ts'
import {
  createOrganisationKey,
  deleteOrganisationKey,
  updateOrganisationKey,
} from './organisation-keys.ts'
import { createOrganisation, deleteOrganisation, updateOrganisation } from './organisations.ts'
import { createOverride, createSegmentOverride, deleteIdentityOverride } from './overrides.ts'
import { importProject } from './project-import.ts'
import { createProject, deleteProject, updateProject } from './projects.ts'
import { revertEntry } from './revert-entry.ts'
import {
  abortSecretRotation,
  endSecretRotation,
  promoteWebhookSecret,
  rotateWebhookSecret,
} from './secret-rotations.ts'
import { cloneSegment, createSegment, deleteSegment, updateSegment } from './segments.ts'
import { createTag, deleteTag, updateTag } from './tags.ts'
import { createTrait, deleteTrait, deleteTraitKey, updateTrait } from './traits.ts'
import { createSession, createUser, deleteSession, updateUser } from './users.ts'
import { disableWebhook } from './webhook-disabling.ts'
import { createWebhook, deleteWebhook, updateWebhook } from './webhooks.ts'
import type { Context, Plan, Write } from './write.ts'

export const writes = {
  'attempt.record': recordAttempt,
  'user.create': createUser,
  'user.update': updateUser,
  'session.create': createSession,
  'session.delete': deleteSession,
  'organisation.create': createOrganisation,
  'organisation.update': updateOrganisation,
  'organisation.delete': deleteOrganisation,
  'audit.set-retention': setAuditRetention,
  'audit.prune': pruneAuditLog,
  'membership.update-role': updateRole,
  'membership.remove': removeMembers,
  'group.create': createGroup,
  'group.update': updateGroup,
  'group.delete': deleteGroup,
  'group.add-users': addUsersToGroup,
  'group.remove-users': removeUsersFromGroup,
  'group.set-admin': setGroupAdmin,
  'invite.create': createInvites,
  'invite.renew': renewInvite,
  'invite.delete': deleteInvite,
  'invite.accept': joinByInvite,
  'invite-link.create': createInviteLink,
  'invite-link.delete': deleteInviteLink,
  'invite-link.accept': joinByLink,
  'organisation-key.create': createOrganisationKey,
  'organisation-key.update': updateOrganisationKey,
  'organisation-key.delete': deleteOrganisationKey,
  'environment-key.create': createEnvironmentKey,
  'environment-key.update': updateEnvironmentKey,
  'environment-key.delete': deleteEnvironmentKey,
  'environment-key.rotate': startKeyRotation,
  'environment-key.abort-rotation': abortKeyRotation,
  'environment-key.complete-rotation': completeKeyRotation,
  'environment-key.end-rotation': endKeyRotation,
  'grant.create': createGrant,
  'grant.update': updateGrant,
  'grant.delete': deleteGrant,
  'webhook.create': createWebhook,
  'webhook.update': updateWebhook,
  'webhook.delete': deleteWebhook,
  'webhook.disable': disableWebhook,
  'webhook.rotate-secret': rotateWebhookSecret,
  'webhook.promote-secret': promoteWebhookSecret,
  'webhook.abort-rotation': abortSecretRotation,
  'webhook.end-rotation': endSecretRotation,
  'delivery.resend': resendDelivery,
  'delivery.skip': skipDelivery,
  'delivery.replay': replayDeliveries,
  'project.create': createProject,
  'project.update': updateProject,
  'project.delete': deleteProject,
  'project.import': importProject,
  'environment.create': createEnvironment,
  'environment.clone': cloneEnvironment,
  'environment.update': updateEnvironment,
  'environment.delete': deleteEnvironment,
  'feature.create': createFeature,
  'feature.update': updateFeature,
  'feature.delete': deleteFeature,
  'feature-owners.add': addFeatureOwners,
  'feature-owners.remove': removeFeatureOwners,
  'multivariate-option.create': createOption,
  'multivariate-option.update': updateOption,
  'multivariate-option.delete': deleteOption,
  'feature-state.update': updateFeatureState,
  'override.create': createOverride,
  'override.delete': deleteIdentityOverride,
  'override.clone': cloneOverrides,
  'identity.create': createIdentity,
  'identity.update': updateIdentity,
  'identity.delete': deleteIdentity,
  'trait.create': createTrait,
  'trait.update': updateTrait,
  'trait.delete': deleteTrait,
  'trait-key.delete': deleteTraitKey,
  'tag.create': createTag,
  'tag.update': updateTag,
  'tag.delete': deleteTag,
  'segment.create': createSegment,
  'segment.clone': cloneSegment,
  'segment.update': updateSegment,
  'segment.delete': deleteSegment,
  'feature-segment.create': createFeatureSegment,
  'feature-segment.delete': deleteFeatureSegment,
  'feature-segment.reorder': reorderFeatureSegments,
  'segment-override.create': createSegmentOverride,
  'flag.change': changeFlag,
  'flag.delete-override': deleteFlagOverride,
  'audit.revert': revertEntry,
  'audit.erase': eraseFromAudit,
}

export type WriteName = keyof typeof writes
export type InputOf<N extends WriteName> = Parameters<(typeof writes)[N]>[1]
export type ResultOf<N extends WriteName> =
  (typeof writes)[N] extends Write<infer _I, infer T> ? T : never

/** A write whose input the client's types have already checked. */
export type AnyWrite = (context: Context, input: unknown) => Promise<Outcome<Plan<unknown>>>
