/** Every write about flags, segments, tags and identities; at last those that take places away. */
import type { WriteName } from '../../../src/domain/register.ts'
import { newFeature } from '../../support/world.ts'
import {
  ada,
  another,
  anotherFeature,
  anotherSegment,
  entryOf,
  inEnvironment,
  inProject,
  made,
  ofFeature,
  ofFlag,
  ofIdentity,
  ofState,
  organisationId,
  type Row,
  segment,
} from './scene.ts'

const option = () => ({
  ...ofFeature(),
  id: made('multivariate-option.create').id,
})

const target = () => ({
  kind: 'identity' as const,
  id: made('identity.create').id,
  identifier: 'ada',
})

const tag = { label: 'beta', color: '#000000', description: null, isPermanent: false }

export const flags = {
  'tag.create': ['tag.created', () => ({ ...inProject(), settings: tag })],
  'tag.update': [
    'tag.updated',
    () => ({ ...inProject(), id: made('tag.create').id, settings: { label: 'gamma' } }),
  ],
  'tag.delete': ['tag.deleted', () => ({ ...inProject(), id: made('tag.create').id })],
  'feature.create': [
    'feature.created feature-state.created',
    () => ({ ...inProject(), feature: newFeature('banner') }),
  ],
  'feature.update': [
    'feature.updated',
    () => ({
      ...inProject(),
      id: made('feature.create').feature.id,
      settings: { description: 'on top' },
    }),
  ],
  // Whoever makes a feature owns it.
  'feature-owners.remove': [
    'feature.updated',
    () => ({ ...inProject(), id: made('feature.create').feature.id, users: [ada.id], groups: [] }),
  ],
  'feature-owners.add': [
    'feature.updated',
    () => ({ ...inProject(), id: made('feature.create').feature.id, users: [ada.id], groups: [] }),
  ],
  'multivariate-option.create': [
    'multivariate-option.created feature.updated feature-state.updated',
    () => ({ ...ofFeature(), option: { stringValue: 'red', defaultPercentageAllocation: 10 } }),
  ],
  'multivariate-option.update': [
    'feature.updated',
    () => ({ ...option(), option: { stringValue: 'green' } }),
  ],
  'multivariate-option.delete': [
    'multivariate-option.deleted feature.updated feature-state.updated',
    option,
  ],
  'feature-state.update': [
    'feature-state.updated',
    async () => ({ ...(await ofState()), changes: { enabled: true } }),
  ],
  'segment.create': [
    'segment.created',
    () => ({ ...inProject(), featureId: null, settings: segment('gold') }),
  ],
  'segment.clone': [
    'segment.created',
    () => ({ ...inProject(), id: made('segment.create').id, name: 'gold again' }),
  ],
  'segment.update': [
    'segment.updated',
    () => ({ ...inProject(), id: made('segment.create').id, settings: { name: 'platinum' } }),
  ],
  'audit.revert': [
    'segment.updated',
    async () => ({
      id: await entryOf('segment.update'),
      isDryRun: false,
      force: false,
      areOptionsFixed: false,
    }),
  ],
  'segment.delete': ['segment.deleted', () => ({ ...inProject(), id: made('segment.clone').id })],
  'feature-segment.create': [
    'feature-segment.created',
    () => ({ ...ofFlag(), segmentId: made('segment.create').id }),
  ],
  'segment-override.create': [
    'feature-state.created',
    async () => ({
      ...ofFlag(),
      segmentId: await anotherSegment('silver'),
      changes: { enabled: false },
    }),
  ],
  'feature-segment.reorder': [
    'feature-segment.reordered',
    () => ({ ...ofFlag(), moves: [{ id: made('segment-override.create').link.id, priority: 0 }] }),
  ],
  'feature-segment.delete': [
    'feature-segment.deleted',
    () => ({ ...inEnvironment(), id: made('feature-segment.create').id }),
  ],
  'flag.change': [
    'feature-state.updated',
    () => ({ ...ofFlag(), own: { value: 'purple' }, replace: false }),
  ],
  'flag.delete-override': [
    'feature-segment.deleted',
    () => ({ ...ofFlag(), segmentId: made('segment-override.create').link.segmentId }),
  ],
  'identity.create': ['identity.created', () => ({ ...inEnvironment(), identifier: 'eve' })],
  'identity.update': [
    'identity.updated',
    () => ({ ...inEnvironment(), id: made('identity.create').id, identifier: 'ada' }),
  ],
  'trait.create': ['trait.created', () => ({ ...ofIdentity(), key: 'plan', value: '"gold"' })],
  'trait.update': [
    'trait.updated',
    () => ({ ...ofIdentity(), id: made('trait.create').id, changes: { value: '"red"' } }),
  ],
  'trait.delete': ['trait.deleted', () => ({ ...ofIdentity(), id: made('trait.create').id })],
  'trait-key.delete': [
    'trait-key.deleted',
    async () => {
      await another('trait.create', { ...ofIdentity(), key: 'rank', value: '1' })
      return { ...inEnvironment(), key: 'rank' }
    },
  ],
  'override.create': [
    'feature-state.created',
    () => ({ ...ofFlag(), target: target(), changes: { enabled: true } }),
  ],
  'override.clone': [
    'feature-state.created',
    async () => {
      const identity = await another('identity.create', { ...inEnvironment(), identifier: 'bob' })
      return { ...inEnvironment(), identityId: identity.id, sourceId: made('identity.create').id }
    },
  ],
  'override.delete': [
    'feature-state.deleted',
    () => ({ ...ofIdentity(), id: made('override.create').state.id }),
  ],
  'identity.delete': [
    'identity.deleted',
    () => ({ ...inEnvironment(), id: made('identity.create').id }),
  ],
  'feature.delete': [
    'feature.deleted feature-state.deleted',
    async () => ({ ...inProject(), id: await anotherFeature('other') }),
  ],
  'environment.clone': [
    'environment.created feature-state.created',
    () => ({ id: made('environment.create').id, name: 'Test' }),
  ],
  'environment.delete': [
    'environment.deleted feature-state.deleted permission.removed',
    () => ({ id: made('environment.clone').id }),
  ],
  'project.import': [
    'project.imported tag.created',
    () => {
      const {
        id: _,
        uuid: __,
        organisationId: ___,
        createdAt: ____,
        ...settings
      } = made('project.create')
      const project = { ...settings, name: 'Copy' }
      const file = { project, tags: [tag], features: [], segments: [], environments: [] }
      return { organisationId, file, dryRun: false }
    },
  ],
  'project.delete': [
    'project.deleted environment.deleted feature.deleted feature-state.deleted segment.deleted permission.removed',
    () => ({ id: made('project.create').id }),
  ],
  'organisation.delete': [
    'organisation.deleted project.deleted tag.deleted membership.deleted permission.removed',
    () => ({ id: organisationId }),
  ],
} satisfies { [N in WriteName]?: Row<N> }
