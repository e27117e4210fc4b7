/**
 * `POST /api/v1/identities/` with 10 traits, 100 features and 50 segments, against a Worker that
 * parses the same body and returns the same bytes: passing by, stored and unchanged, stored and
 * changed by every request.
 */
import type { Document, Segment } from '../../src/engine/document.ts'
import { holdContest } from './contest.ts'
import { printContest } from './contest-report.ts'
import { clientKey, documentOf, publish } from './document.ts'

const features = 100
const segments = 50
const plans = ['free', 'team', 'pro', 'enterprise']

/** Every kind of condition that products write; each segment overrides one feature. */
function segment(index: number, document: Document): Segment {
  const { id: featureId, state } =
    document.features[index % features] ?? document.features[0] ?? never()
  const plan = plans[index % plans.length] ?? ''
  const conditions = [
    { operator: 'EQUAL', property: 'plan', value: plan },
    { operator: 'GREATER_THAN', property: 'visits', value: String(index * 3) },
    { operator: 'IN', property: 'country', value: 'de,fr,gb,nl' },
    { operator: 'PERCENTAGE_SPLIT', property: null, value: String(index * 2) },
  ]
  const condition = conditions[index % conditions.length] ?? never()
  return {
    id: 100 + index,
    name: `segment ${index}`,
    description: null,
    rules: [
      {
        type: 'ALL',
        conditions: [],
        rules: [{ type: 'ANY', conditions: [condition], rules: [] }],
      },
    ],
    overrides: [
      {
        featureId,
        featureSegmentId: 200 + index,
        priority: 0,
        state: { ...state, id: 9_000 + index, enabled: true, value: `for ${plan}`, variants: [] },
      },
    ],
  }
}

function never(): never {
  throw new Error('the list is empty')
}

function documentWithSegments(): Document {
  const document = documentOf(features)
  const added = Array.from({ length: segments }, (_, index) => segment(index, document))
  return { ...document, segments: added }
}

const traits = (plan: string) =>
  Object.entries({
    plan,
    country: 'fr',
    visits: 42,
    beta: true,
    age: 37,
    ratio: 0.25,
    language: 'fr-FR',
    team: 'checkout',
    admin: false,
    since: '2026-01-31',
  }).map(([trait_key, trait_value]) => ({ trait_key, trait_value }))

const bodyOf = (plan: string, transient: boolean) =>
  JSON.stringify({ identifier: 'visitor_1', transient, traits: traits(plan) })

async function contest(title: string, bodies: string[], bar: number | null): Promise<void> {
  const [body = '', ...otherBodies] = bodies
  const results = await holdContest({
    request: {
      method: 'POST',
      path: '/api/v1/identities/',
      headers: { 'X-Environment-Key': clientKey, 'Content-Type': 'application/json' },
      body,
      otherBodies,
    },
    effort: 'parses the body',
    seed: ({ put }) => publish(put, documentWithSegments()),
    check: (answer) => {
      const served = (JSON.parse(answer) as { flags: unknown[] }).flags.length
      if (served !== features) throw new Error(`${served} flags served, not ${features}`)
    },
  })
  printContest(`POST /api/v1/identities/, ${title}`, results, bar)
}

export async function benchIdentities(): Promise<void> {
  await contest('transient', [bodyOf('pro', true)], 0.5)
  await contest('stored, nothing changes', [bodyOf('pro', false)], null)
  await contest('stored, a trait changes', [bodyOf('pro', false), bodyOf('two', false)], null)
}
