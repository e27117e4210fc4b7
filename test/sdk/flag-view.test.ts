/** The corners of a flag's `variant` (sdk-api §2.2) that ordinary worlds do not reach. */
import { expect, it } from 'vitest'
import type { Document, Feature, Variant } from '../../src/engine/document.ts'
import { compile, evaluate } from '../../src/engine/index.ts'
import { identityFlagView } from '../../src/sdk/flag-view.ts'

const share = (key: string | null, weight: number): Variant => ({
  id: 1,
  uuid: 'share',
  optionId: 1,
  key,
  value: 'option',
  weight,
})

/** The variant that is told of a feature of this type with these shares. */
function variantOf(type: Feature['type'], variants: Variant[]): string | null {
  const feature: Feature = {
    id: 1,
    name: 'f',
    type,
    description: null,
    initialValue: null,
    defaultEnabled: false,
    createdAt: 1,
    isServerKeyOnly: false,
    state: { id: 1, uuid: 'state', enabled: true, value: 'own', variants, seed: 1 },
  }
  const environment = { id: 1, name: 'e', apiKey: 'k', hideSensitiveData: false }
  const document = { environment, features: [feature], segments: [] } as unknown as Document
  const identity = { identifier: 'a', key: null, traits: new Map(), overrides: new Map() }
  const [flag] = evaluate(compile(document), identity)
  if (flag === undefined) throw new Error('no flag')
  return identityFlagView(feature, flag, { document, identityId: null }).variant
}

it('gotcha 14: is control when no option was hit, even where there was none to hit', () => {
  expect(variantOf('MULTIVARIATE', [])).toBe('control')
  expect(variantOf('MULTIVARIATE', [share('a', 0)])).toBe('control')
})

it('gotcha 14: is the key of the option that was hit, null where it has none', () => {
  expect(variantOf('MULTIVARIATE', [share('a', 100)])).toBe('a')
  expect(variantOf('MULTIVARIATE', [share(null, 100)])).toBeNull()
})

it('gotcha 14: is null for a standard feature, whatever its state carries', () => {
  expect(variantOf('STANDARD', [])).toBeNull()
  expect(variantOf('STANDARD', [share('a', 100)])).toBeNull()
})
