/**
 * What the list of features may be asked: contract admin-api §B.5. Environment, segment and identity
 * are looked up before anything is listed; one that is unknown and one that is foreign look alike.
 */
import { z } from '@hono/zod-openapi'
import type { projectWith } from '../auth/access.ts'
import { bool, id, maxId } from '../http/fields.ts'
import { pageQuery } from '../http/paging.ts'
import { type Outcome, ok, unknownId } from '../outcome.ts'
import { openDatabase } from '../storage/database.ts'
import type { FeatureFilter, FeatureSort } from '../storage/feature-list.ts'
import { findHoused, identityHomes } from '../storage/identity-homes.ts'
import { findSegment } from '../storage/segments.ts'
import type { Viewpoint } from '../storage/states-of-features.ts'
import { environmentWith } from './environment-with.ts'

const idsOf = (text: string) => (text.trim() === '' ? [] : text.split(',').map(Number))

const isId = (one: number) => one >= 1 && one <= maxId

/** Ids with commas between them. */
const idList = z.string().refine((text) => /^[\d\s,]*$/.test(text) && idsOf(text).every(isId), {
  error: `Enter ids between 1 and ${maxId}, separated by commas.`,
})

/** For tags "none of them" is a question of its own; for people it would be a slip. */
const someIds = idList.refine((text) => text.trim() !== '', {
  error: 'This field may not be blank.',
})

/** Where features are looked at from. */
const viewpoint = {
  environment: id().optional(),
  segment: id().optional(),
  identity: id().optional(),
}

type Sent = { environment?: number | undefined; [name: string]: unknown }

/** What has a meaning in an environment only is refused without one: it would be dropped unseen. */
const within =
  (...names: string[]) =>
  (query: Sent, context: z.RefinementCtx<Sent>) => {
    if (query.environment !== undefined) return
    for (const name of names) {
      if (query[name] === undefined) continue
      context.addIssue({ code: 'custom', path: [name], message: 'This needs an environment.' })
    }
  }

export const viewpointQuery = z.object(viewpoint).superRefine(within('segment', 'identity'))

export const featureQuery = pageQuery
  .extend({
    search: z.string().optional(),
    sort_field: z.enum(['created_date', 'name']).optional(),
    sort_direction: z.enum(['ASC', 'DESC']).optional(),
    tags: idList.optional(),
    tag_strategy: z.enum(['INTERSECTION', 'UNION']).optional(),
    is_archived: bool().optional(),
    type: z.enum(['STANDARD', 'MULTIVARIATE']).optional(),
    ...viewpoint,
    is_enabled: bool().optional(),
    value_search: z.string().optional(),
    owners: someIds.optional(),
    group_owners: someIds.optional(),
    lifecycle_stage: z
      .unknown()
      .refine(() => false, { error: 'Lifecycle stages are not available.' })
      .openapi({ type: 'string', description: 'Not available.' })
      .optional(),
  })
  .superRefine(within('segment', 'identity', 'is_enabled', 'value_search'))

export type FeatureQuery = z.infer<typeof featureQuery>

type Asked = Parameters<typeof projectWith>[0]

/**
 * Where the features are looked at from; undefined without an environment. Each part must belong to
 * the project, and the environment must be one that the caller sees.
 */
export async function viewpointOf(
  c: Asked,
  projectId: number,
  query: z.infer<typeof viewpointQuery>,
): Promise<Outcome<Viewpoint | undefined>> {
  const { environment: environmentId, segment: segmentId, identity: identityId } = query
  if (environmentId === undefined) return ok(undefined)
  const [place, segment, housed] = await Promise.all([
    environmentWith(c, environmentId, 'VIEW_ENVIRONMENT'),
    segmentId === undefined ? undefined : findSegment(openDatabase(c.env.DB), segmentId),
    identityId === undefined
      ? undefined
      : findHoused(identityHomes(c.env), environmentId, identityId),
  ])
  if (place?.project.id !== projectId) return unknownId('environment', environmentId)
  if (segment?.projectId !== (segmentId && projectId)) return unknownId('segment', segmentId)
  if (housed?.identity.id !== identityId) return unknownId('identity', identityId)
  return ok({ environmentId, segmentId, identityId })
}

export const filterOf = (query: FeatureQuery, viewpoint: Viewpoint | undefined): FeatureFilter => ({
  search: query.search,
  isArchived: query.is_archived,
  type: query.type,
  tags:
    query.tags === undefined
      ? undefined
      : { ids: idsOf(query.tags), all: query.tag_strategy !== 'UNION' },
  owners: query.owners === undefined ? undefined : idsOf(query.owners),
  groupOwners: query.group_owners === undefined ? undefined : idsOf(query.group_owners),
  state: viewpoint && {
    environmentId: viewpoint.environmentId,
    identityId: viewpoint.identityId,
    isEnabled: query.is_enabled,
    value: query.value_search,
  },
})

/** Without a word about it, the oldest feature comes first. */
export const sortOf = (query: FeatureQuery): FeatureSort => ({
  field: query.sort_field === 'name' ? 'name' : 'createdAt',
  descending: query.sort_direction === 'DESC',
})
