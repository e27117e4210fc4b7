/** A document to serve, of realistic features: nothing in it is random, so every run serves the same. */
import { createHash } from 'node:crypto'
import type { Document, Feature, FlagValue, Variant } from '../../src/engine/document.ts'
import type { Put } from './contest.ts'

export const clientKey = 'bench0client0key0000000'
const environmentId = 7
const start = Date.UTC(2026, 0, 1)

const areas = ['checkout', 'search', 'billing', 'onboarding', 'profile', 'reports', 'editor']
const subjects = ['redesign', 'rate_limit', 'banner', 'new_parser', 'dark_mode', 'export']

function sampleValue(index: number): FlagValue {
  switch (index % 4) {
    case 0:
      return null
    case 1:
      return index * 25
    case 2:
      return `variant-${index} of the copy, long enough to be a sentence`
    default:
      return JSON.stringify({ limit: index, colours: ['#336699', '#993366'], enabled: true })
  }
}

function variantsOf(index: number): Variant[] {
  if (index % 5 !== 0) return []
  return ['first', 'second', 'third'].map((key, place) => ({
    id: index * 10 + place,
    uuid: `00000000-0000-4000-8000-${String(index * 10 + place).padStart(12, '0')}`,
    optionId: index * 10 + place,
    key,
    value: `${key} option`,
    weight: 20,
  }))
}

function feature(index: number): Feature {
  const area = areas[index % areas.length]
  const variants = variantsOf(index)
  const value = sampleValue(index)
  return {
    id: 1_000 + index,
    name: `${area}_${subjects[index % subjects.length]}_${index}`,
    type: variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD',
    description: index % 3 === 0 ? `Shows the new ${area} to those who should see it` : null,
    initialValue: value === null ? null : String(value),
    defaultEnabled: index % 2 === 0,
    createdAt: start + index * 3_600_000,
    isServerKeyOnly: false,
    state: {
      id: 5_000 + index,
      uuid: `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`,
      enabled: index % 2 === 0,
      value,
      variants,
      seed: 5_000 + index,
    },
  }
}

export const documentOf = (features: number): Document => ({
  schema: 1,
  version: 1,
  updatedAt: start,
  environment: {
    id: environmentId,
    name: 'Production',
    apiKey: clientKey,
    allowClientTraits: true,
    hideDisabledFlags: null,
    hideSensitiveData: false,
    useIdentityCompositeKeyForHashing: true,
    useIdentityOverridesInLocalEval: true,
  },
  project: { id: 1, name: 'Shop', hideDisabledFlags: false, enableRealtimeUpdates: false },
  organisation: { id: 1, name: 'Example', stopServingFlags: false, persistTraitData: true },
  serverKeys: [],
  features: Array.from({ length: features }, (_, index) => feature(index)),
  segments: [],
})

/** Puts the document where the serving path looks: its keys stand in `src/storage/documents.ts`. */
export async function publish(put: Put, document: Document): Promise<void> {
  const { id, apiKey } = document.environment
  const hash = createHash('sha256').update(apiKey).digest('hex')
  await put('DOCUMENTS', [
    [`document:${id}`, JSON.stringify(document)],
    [`key:${hash}`, String(id)],
  ])
}
