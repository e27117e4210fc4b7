/** Links between features and segments, as sent and as answered: contract admin-api §B.6. */
import { z } from '@hono/zod-openapi'
import { id, int } from '../http/fields.ts'
import type { FeatureSegment } from '../storage/feature-segments.ts'
import type { Segment } from '../storage/segments.ts'

/** As lists show it. */
export const linkSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    segment: z.int(),
    priority: z.int(),
    environment: z.int(),
    segment_name: z.string(),
    is_feature_specific: z.boolean(),
  })
  .openapi('FeatureSegment')

/** As writes answer it. */
export const writtenLinkSchema = z
  .object({
    id: z.int(),
    uuid: z.string(),
    feature: z.int(),
    segment: z.int(),
    environment: z.int(),
    priority: z.int(),
  })
  .openapi('WrittenFeatureSegment')

export const writtenLinkView = (link: FeatureSegment): z.infer<typeof writtenLinkSchema> => ({
  id: link.id,
  uuid: link.uuid,
  feature: link.featureId,
  segment: link.segmentId,
  environment: link.environmentId,
  priority: link.priority,
})

/** A link whose segment is just being deleted is not shown any more. */
export const linkViews = (
  links: FeatureSegment[],
  segments: Segment[],
): z.infer<typeof linkSchema>[] => {
  const byId = new Map(segments.map((segment) => [segment.id, segment]))
  return links.flatMap((link) => {
    const segment = byId.get(link.segmentId)
    if (segment === undefined) return []
    return [
      {
        id: link.id,
        uuid: link.uuid,
        segment: link.segmentId,
        priority: link.priority,
        environment: link.environmentId,
        segment_name: segment.name,
        is_feature_specific: segment.featureId !== null,
      },
    ]
  })
}

/** Leaves room below the largest id-sized integer: others may be moved down behind this one. */
export const priority = () => int(0, 1_000_000_000)

/** The original ignores a priority here; honouring it saves clients a second request (§F 14). */
export const newLinkBody = z.object({
  feature: id(),
  segment: id(),
  environment: id(),
  priority: priority().nullish(),
})

/** Nothing of a link changes but its priority, and that through `update-priorities/`. */
export const linkBody = z.object({ feature: id(), segment: id(), environment: id() }).partial()

export const movesBody = z.array(z.object({ id: id(), priority: priority() })).max(1000)
