/**
 * Which patterns of events an endpoint may have: `noun:verb` in the words of its format, `*` for any
 * part of either. A noun that no event can have is refused, because it would wait in silence for ever.
 */
import { z } from '@hono/zod-openapi'
import { isLike } from '../delivery/patterns.ts'
import type { WebhookFormat } from '../storage/webhooks.ts'

const most = 50
const longest = 100

/** In our words and in Flipt's. */
const common = [
  'audit',
  'delivery',
  'environment',
  'group',
  'identity',
  'invite',
  'invite-link',
  'membership',
  'organisation',
  'permission',
  'request',
  'segment',
  'tag',
  'trait',
  'trait-key',
  'webhook',
]

const own = [
  'environment-key',
  'feature',
  'feature-segment',
  'feature-state',
  'multivariate-option',
  'organisation-key',
  'project',
]

const flipts = ['constraint', 'flag', 'namespace', 'rollout', 'rule', 'token', 'variant']

const nounsOf: Record<WebhookFormat, string[]> = {
  flagsmith: [...own, ...common],
  flipt: [...flipts, ...common],
  standard: [...own, ...common],
}

const wellFormed = /^[a-z*-]+:[a-z*-]+$/

export const patternsField = () =>
  z
    .array(z.string())
    .superRefine((patterns, context) => {
      const tell = (message: string) => context.addIssue({ code: 'custom', message })
      if (patterns.length === 0 || patterns.length > most) tell(`Use 1 to ${most} patterns.`)
      for (const pattern of patterns) {
        if (pattern.length > longest || !wellFormed.test(pattern)) {
          tell(`"${pattern.slice(0, longest)}" is not a pattern. Use noun:verb, for example *:*.`)
        }
      }
    })
    .openapi({
      description:
        'Which events: `noun:verb`, with `*` for any part of either, in the words of the format.',
    })

/** One problem for each pattern whose noun is none of the format's. */
export function problemsOfPatterns(format: WebhookFormat, patterns: string[]): string[] {
  const nouns = nounsOf[format]
  return patterns.flatMap((pattern) => {
    const [noun = ''] = pattern.split(':')
    if (nouns.some((one) => isLike(noun, one))) return []
    return [`"${pattern}" fits no event of format ${format}. Use one of ${nouns.join(', ')}, or *.`]
  })
}
