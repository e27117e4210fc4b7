/**
 * Which patterns of events an endpoint may have: `noun:verb`, `*` for any part of either, in our words or
 * in Flipt's. A noun that no event can have is refused, because it would wait in silence for ever.
 */
import { z } from '@hono/zod-openapi'
import { isLike } from '../delivery/patterns.ts'

const most = 50
const longest = 100

const nouns = [
  'environment',
  'environment-key',
  'feature',
  'feature-segment',
  'feature-state',
  'group',
  'identity',
  'invite',
  'invite-link',
  'membership',
  'multivariate-option',
  'organisation',
  'organisation-key',
  'permission',
  'project',
  'segment',
  'tag',
  'trait',
  'trait-key',
  'webhook',
  // Flipt's.
  'constraint',
  'flag',
  'namespace',
  'rollout',
  'rule',
  'token',
  'variant',
]

const wellFormed = /^[a-z*-]+:[a-z*-]+$/

function problemOf(pattern: string): string | null {
  if (pattern.length > longest || !wellFormed.test(pattern)) {
    return `"${pattern.slice(0, longest)}" is not a pattern. Use noun:verb, for example *:*.`
  }
  const [noun = ''] = pattern.split(':')
  return nouns.some((one) => isLike(noun, one))
    ? null
    : `"${pattern}" fits no event. Use one of ${nouns.join(', ')}, or *.`
}

export const patternsField = () =>
  z
    .array(z.string())
    .superRefine((patterns, context) => {
      const tell = (message: string) => context.addIssue({ code: 'custom', message })
      if (patterns.length === 0 || patterns.length > most) tell(`Use 1 to ${most} patterns.`)
      for (const problem of patterns.map(problemOf)) if (problem !== null) tell(problem)
    })
    .openapi({ description: 'Which events: `noun:verb`, with `*` for any part of either.' })
