import { describe, expect, it } from 'vitest'
import type { Document, Rule } from '../../src/engine/document.ts'
import { compile, evaluate, evaluateFeature, matchingSegments } from '../../src/engine/index.ts'
import { all, condition, document, flag, identity, override, segment, state } from './fixtures.ts'

const everyone: Rule[] = [all()]
const nobody: Rule[] = [all(condition('IS_SET', 'never', null))]
const feature = { id: 1, name: 'feature', state: state(10, 'default', { enabled: false }) }
const who = identity({ plan: 'pro' })

describe('which state wins', () => {
  it('the default, when no segment matches', () => {
    const segments = [segment(1, nobody, [override(1, 0, state(20, 'segment'))])]
    expect(flag({ features: [feature], segments }, who)).toEqual({
      featureId: 1,
      name: 'feature',
      enabled: false,
      value: 'default',
      control: 'default',
      variant: null,
      reason: 'DEFAULT',
      stateId: 10,
      origin: 'default',
      featureSegmentId: null,
    })
  })

  it('the override of a matching segment, whole', () => {
    const segments = [segment(1, everyone, [override(1, 0, state(20, 'segment'))])]
    expect(flag({ features: [feature], segments }, who)).toEqual({
      featureId: 1,
      name: 'feature',
      enabled: true,
      value: 'segment',
      control: 'segment',
      variant: null,
      reason: 'TARGETING_MATCH; segment=segment_1',
      stateId: 20,
      origin: 'segment',
      featureSegmentId: 1020,
    })
  })

  it('the lower priority number, whatever the order of segments', () => {
    const segments = [
      segment(1, everyone, [override(1, 5, state(20, 'weak'))]),
      segment(2, everyone, [override(1, 0, state(30, 'strong'))]),
      segment(3, nobody, [override(1, -1, state(40, 'absent'))]),
    ]
    expect(flag({ features: [feature], segments }, who).value).toBe('strong')
  })

  it.each([0, 7, Infinity])('the earlier segment, on equal priorities of %s', (priority) => {
    const segments = [
      segment(9, nobody, [override(1, priority, state(19, 'no'))]),
      segment(2, everyone, [override(1, priority, state(20, 'first'))]),
      segment(1, everyone, [override(1, priority, state(30, 'second'))]),
    ]
    expect(flag({ features: [feature], segments }, who).value).toBe('first')
  })

  it('any numbered priority over one without a number', () => {
    const segments = [
      segment(1, everyone, [override(1, Infinity, state(20, 'none'))]),
      segment(2, everyone, [override(1, 99, state(30, 'numbered'))]),
    ]
    expect(flag({ features: [feature], segments }, who).value).toBe('numbered')
  })

  it('the identity override, over the strongest segment', () => {
    const segments = [segment(1, everyone, [override(1, -Infinity, state(20, 'segment'))])]
    const overridden = identity({}, { overrides: new Map([[1, state(50, 'mine')]]) })
    expect(flag({ features: [feature], segments }, overridden)).toMatchObject({
      value: 'mine',
      stateId: 50,
      origin: 'identity',
      featureSegmentId: null,
      reason: 'TARGETING_MATCH; segment=identity_overrides',
    })
  })

  it('never an override of a feature the document does not have', () => {
    const segments = [segment(1, everyone, [override(2, 0, state(20, 'stray'))])]
    const overridden = identity({}, { overrides: new Map([[3, state(50, 'stray')]]) })
    const compiled = compile(document({ features: [feature], segments }))
    expect(evaluate(compiled, overridden).map((each) => each.value)).toEqual(['default'])
    expect(evaluateFeature(compiled, 'other', overridden)).toBeNull()
  })

  it('never a segment without rules', () => {
    const segments = [segment(1, [], [override(1, 0, state(20, 'segment'))])]
    expect(flag({ features: [feature], segments }, who).value).toBe('default')
  })

  it('a segment on the environment alone, even without an identity', () => {
    const rules = [all(condition('EQUAL', '$.environment.name', 'Production'))]
    const segments = [segment(1, rules, [override(1, 0, state(20, 'segment'))])]
    const parts = { features: [feature], segments }
    expect(flag(parts, null).value).toBe('segment')
    expect(compile(document(parts)).defaults[0]?.value).toBe('default')
  })

  it('an override for an identifier that looks like a number, found by feature and not by name', () => {
    const numeric = { identifier: '0123', overrides: new Map([[1, state(50, 'mine')]]) }
    expect(flag({ features: [feature] }, identity({}, numeric)).value).toBe('mine')
  })
})

describe('evaluation', () => {
  const features = [3, 1, 2].map((id) => ({ id, name: `f${id}`, state: state(id, id) }))

  it('gives one flag per feature in document order', () => {
    const compiled = compile(document({ features }))
    expect(evaluate(compiled, who).map((each) => each.name)).toEqual(['f3', 'f1', 'f2'])
    expect(compiled.defaults.map((each) => each.featureId)).toEqual([3, 1, 2])
  })

  it('gives the same answer for one feature as for all', () => {
    const segments = [segment(1, everyone, [override(2, 0, state(20, 'segment'))])]
    const compiled = compile(document({ features, segments }))
    for (const each of evaluate(compiled, who)) {
      expect(evaluateFeature(compiled, each.name, who)).toEqual(each)
    }
  })

  it('forgets one identity before it judges the next', () => {
    const segments = [
      segment(1, [all(condition('EQUAL', 'plan', 'pro'))], [override(1, 0, state(20, 'pro'))]),
    ]
    const compiled = compile(document({ features, segments }))
    const value = (trait: string) =>
      evaluateFeature(compiled, 'f1', identity({ plan: trait }))?.value
    expect([value('pro'), value('free'), value('pro')]).toEqual(['pro', 1, 'pro'])
    expect(evaluateFeature(compiled, 'f1', null)?.value).toBe(1)
  })

  it('lists matching segments in document order, with and without overrides', () => {
    const segments = [
      segment(3, everyone),
      segment(1, nobody),
      segment(2, everyone),
      segment(4, []),
    ]
    const compiled = compile(document({ segments }))
    expect(matchingSegments(compiled, who).map((each) => each.id)).toEqual([3, 2])
    expect(matchingSegments(compiled, null).map((each) => each.id)).toEqual([3, 2])
  })

  it('leaves the document as it was', () => {
    const source = document({ features, segments: [segment(1, everyone)] })
    const before = JSON.stringify(source)
    evaluate(compile(source), who)
    expect(JSON.stringify(source)).toBe(before)
  })

  it('takes a published document as it is', () => {
    const published: Document = {
      schema: 1,
      version: 1,
      updatedAt: 0,
      environment: {
        id: 1,
        name: 'Production',
        apiKey: 'env',
        allowClientTraits: true,
        hideDisabledFlags: null,
        hideSensitiveData: false,
        useIdentityCompositeKeyForHashing: true,
        useIdentityOverridesInLocalEval: true,
      },
      project: { id: 1, name: 'P', hideDisabledFlags: false, enableRealtimeUpdates: false },
      organisation: { id: 1, name: 'O', stopServingFlags: false, persistTraitData: true },
      serverKeys: [],
      features: [],
      segments: [],
    }
    expect(evaluate(compile(published), who)).toEqual([])
  })
})
