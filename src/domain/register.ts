/** The register of writes: every admin change there is, by name. What is not here cannot happen. */
import type { Outcome } from '../outcome.ts'
import {
  createEnvironmentKey,
  deleteEnvironmentKey,
  updateEnvironmentKey,
} from './environment-keys.ts'
import { createEnvironment, deleteEnvironment, updateEnvironment } from './environments.ts'
import {
  createFeatureSegment,
  deleteFeatureSegment,
  reorderFeatureSegments,
} from './feature-segments.ts'
import { updateFeatureState } from './feature-states.ts'
import { createFeature, deleteFeature, updateFeature } from './features.ts'
import { createOption, deleteOption, updateOption } from './options.ts'
import {
  createOrganisationKey,
  deleteOrganisationKey,
  updateOrganisationKey,
} from './organisation-keys.ts'
import { createOrganisation, deleteOrganisation, updateOrganisation } from './organisations.ts'
import { createOverride, createSegmentOverride, deleteIdentityOverride } from './overrides.ts'
import { createProject, deleteProject, updateProject } from './projects.ts'
import { cloneSegment, createSegment, deleteSegment, updateSegment } from './segments.ts'
import { createSession, createUser, deleteSession, updateUser } from './users.ts'
import { createWebhook, deleteWebhook, updateWebhook } from './webhooks.ts'
import type { Context, Plan, Write } from './write.ts'

export const writes = {
  'user.create': createUser,
  'user.update': updateUser,
  'session.create': createSession,
  'session.delete': deleteSession,
  'organisation.create': createOrganisation,
  'organisation.update': updateOrganisation,
  'organisation.delete': deleteOrganisation,
  'organisation-key.create': createOrganisationKey,
  'organisation-key.update': updateOrganisationKey,
  'organisation-key.delete': deleteOrganisationKey,
  'environment-key.create': createEnvironmentKey,
  'environment-key.update': updateEnvironmentKey,
  'environment-key.delete': deleteEnvironmentKey,
  'webhook.create': createWebhook,
  'webhook.update': updateWebhook,
  'webhook.delete': deleteWebhook,
  'project.create': createProject,
  'project.update': updateProject,
  'project.delete': deleteProject,
  'environment.create': createEnvironment,
  'environment.update': updateEnvironment,
  'environment.delete': deleteEnvironment,
  'feature.create': createFeature,
  'feature.update': updateFeature,
  'feature.delete': deleteFeature,
  'multivariate-option.create': createOption,
  'multivariate-option.update': updateOption,
  'multivariate-option.delete': deleteOption,
  'feature-state.update': updateFeatureState,
  'override.create': createOverride,
  'override.delete': deleteIdentityOverride,
  'segment.create': createSegment,
  'segment.clone': cloneSegment,
  'segment.update': updateSegment,
  'segment.delete': deleteSegment,
  'feature-segment.create': createFeatureSegment,
  'feature-segment.delete': deleteFeatureSegment,
  'feature-segment.reorder': reorderFeatureSegments,
  'segment-override.create': createSegmentOverride,
}

export type WriteName = keyof typeof writes
export type InputOf<N extends WriteName> = Parameters<(typeof writes)[N]>[1]
export type ResultOf<N extends WriteName> =
  (typeof writes)[N] extends Write<infer _I, infer T> ? T : never

/** A write whose input the client's types have already checked. */
export type AnyWrite = (context: Context, input: unknown) => Promise<Outcome<Plan<unknown>>>
