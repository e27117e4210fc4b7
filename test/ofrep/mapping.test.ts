import { describe, expect, it } from 'vitest'
import { bulkEvaluation, evaluation } from '../../src/ofrep/schemas.ts'
import {
  createPlace,
  evaluateAll,
  evaluateOne,
  feature,
  planSegment,
  sendBulk,
  state,
  variant,
} from './world.ts'

const half = () => [
  variant({ key: 'loud', value: 'BUY', weight: 50 }),
  variant({ value: 'buy?', weight: 50 }),
]

describe('a value', () => {
  it.each([
    ['none, on', null, true, true],
    ['none, off', null, false, false],
    ['empty text, on', '', true, true],
    ['empty text, off', '', false, false],
    ['true, on', true, true, true],
    ['false, on', false, true, false],
    ['true, off', true, false, false],
    ['an integer, on', 0, true, 0],
    ['text, on', 'blue', true, 'blue'],
    ['text that looks like a number, on', '2.10', true, '2.10'],
    ['text that looks like a boolean, on', 'true', true, 'true'],
    ['a JSON object, on', ' {"a":[1,{"b":null}]}', true, { a: [1, { b: null }] }],
    ['an empty JSON object, on', '{}', true, {}],
    ['a JSON list, on', '["a"]', true, '["a"]'],
    ['a broken JSON object, on', '{"a":', true, '{"a":'],
  ])('of a flag with %s arrives as it is meant', async (_, value, enabled, expected) => {
    const { serverKey: key } = await createPlace({
      features: [feature('it', state(value, enabled))],
    })
    const one = await evaluateOne('it', { key })
    expect(one.value).toEqual(expected)
    expect(evaluation.parse(one)).toEqual(one)
    expect(await evaluateAll({ key })).toEqual([one])
  })

  it.each([['blue'], [7], ['{"a":1}']])(
    'of a switched off flag worth %j is left to the caller',
    async (value) => {
      const { serverKey: key } = await createPlace({
        features: [feature('it', state(value, false))],
      })
      const one = await evaluateOne('it', { key })
      expect(one).toEqual({
        key: 'it',
        reason: 'DISABLED',
        metadata: expect.objectContaining({ enabled: false }),
      })
      expect(evaluation.parse(one)).toEqual(one)
    },
  )

  it('that is an object keeps every digit', async () => {
    const text = '{"id":12345678901234567890,"__proto__":{"admin":true}}'
    const { serverKey } = await createPlace({ features: [feature('it', state(text))] })
    expect(await (await sendBulk(serverKey)).text()).toContain(`"value":${text}`)
  })
})

describe('reason and variant', () => {
  it('tell what is the same for everybody from what only happened to be', async () => {
    const targeted = feature('targeted', state('all'))
    const { serverKey: key } = await createPlace({
      features: [
        feature('plain', state('x')),
        targeted,
        feature('split', state('y', true, half())),
      ],
      segments: [planSegment('pro', targeted, state('few'))],
    })
    const told = (await evaluateAll({ key })).map((flag) => [flag.key, flag.reason, flag.variant])
    expect(told).toEqual([
      ['plain', 'STATIC', undefined],
      ['targeted', 'DEFAULT', undefined],
      ['split', 'DEFAULT', 'control'],
    ])
  })

  it('name a matching segment as targeting, also where it switches the flag off', async () => {
    const [open, shut] = [feature('open', state('a', false)), feature('shut', state('b'))]
    const { serverKey: key } = await createPlace({
      features: [open, shut],
      segments: [
        planSegment('pro', open, state('c')),
        { ...planSegment('pro', shut, state('d', false)) },
      ],
    })
    const [first, second] = await evaluateAll({ key, context: { plan: 'pro' } })
    expect(first).toMatchObject({ value: 'c', reason: 'TARGETING_MATCH' })
    expect(second).toMatchObject({ reason: 'DISABLED' })
    expect(second).not.toHaveProperty('value')
  })

  it('name the share an identity falls into: key, option or control', async () => {
    const [keyed, keyless] = half()
    if (keyed === undefined || keyless === undefined) throw new Error('two variants')
    const only = (weights: [number, number]) =>
      state('plain', true, [
        { ...keyed, weight: weights[0] },
        { ...keyless, weight: weights[1] },
      ])
    const { serverKey: key } = await createPlace({
      features: [
        feature('keyed', only([100, 0])),
        feature('keyless', only([0, 100])),
        feature('control', only([0, 0])),
      ],
    })
    const flags = await evaluateAll({ key, context: { targetingKey: 'ann' } })
    expect(flags.map(({ value, reason, variant }) => [value, reason, variant])).toEqual([
      ['BUY', 'SPLIT', 'loud'],
      ['buy?', 'SPLIT', `option-${keyless.optionId}`],
      ['plain', 'SPLIT', 'control'],
    ])
  })

  it('name the option also where a segment brings its own shares', async () => {
    const mine = variant({ value: 'theirs', weight: 100 })
    const target = feature('split', state('y', true, half()))
    const { serverKey: key } = await createPlace({
      features: [target],
      segments: [planSegment('pro', target, state('z', true, [mine]))],
    })
    const one = await evaluateOne('split', { key, context: { targetingKey: 'ann', plan: 'pro' } })
    expect(one).toMatchObject({
      value: 'theirs',
      reason: 'SPLIT',
      variant: `option-${mine.optionId}`,
    })
  })

  it('spread identities over the shares, each always to the same', async () => {
    const { serverKey: key } = await createPlace({
      features: [feature('split', state('y', true, half()))],
    })
    const of = async (targetingKey: string) =>
      (await evaluateOne('split', { key, context: { targetingKey } })).variant
    const names = Array.from({ length: 20 }, (_, index) => `user ${index}`)
    const first = await Promise.all(names.map(of))
    expect(new Set(first).size).toBe(2)
    expect(await Promise.all(names.map(of))).toEqual(first)
  })

  it('put the same anonymous traits into the same share', async () => {
    const { serverKey: key } = await createPlace({
      features: [feature('split', state('y', true, half()))],
    })
    const one = await evaluateOne('split', { key, context: { plan: 'pro', age: 7 } })
    expect(one.reason).toBe('SPLIT')
    const context = { age: 7, unset: null, plan: 'pro' }
    expect(await evaluateOne('split', { key, context })).toEqual(one)
    const ages = Array.from({ length: 20 }, (_, age) => ({ age, plan: 'pro' }))
    const others = await Promise.all(
      ages.map((traits) => evaluateOne('split', { key, context: traits })),
    )
    expect(new Set(others.map(({ variant }) => variant)).size).toBe(2)
  })

  it('put nobody into a share, nor whoever brings only empty traits', async () => {
    const { serverKey: key } = await createPlace({
      features: [feature('split', state('y', true, half()))],
    })
    for (const context of [{}, { plan: null }, { targetingKey: '', plan: null }]) {
      expect(await evaluateOne('split', { key, context })).toMatchObject({
        value: 'y',
        reason: 'DEFAULT',
        variant: 'control',
      })
    }
  })
})

describe('metadata', () => {
  it('tells the switch and the id to every key, the engine’s reason to server-side keys', async () => {
    const it = feature('it', state('x'))
    const { serverKey, clientKey } = await createPlace({
      features: [it],
      segments: [planSegment('rival', it, state('y'))],
    })
    const context = { plan: 'rival' }
    expect((await evaluateOne('it', { key: serverKey, context })).metadata).toEqual({
      featureId: it.id,
      enabled: true,
      reason: 'TARGETING_MATCH; segment=plan rival',
    })
    expect((await evaluateOne('it', { key: clientKey, context })).metadata).toEqual({
      featureId: it.id,
      enabled: true,
    })
  })

  it('keeps the engine’s reason where the environment hides sensitive data', async () => {
    const { serverKey: key } = await createPlace({
      features: [feature('it', state('x'))],
      settings: { hideSensitiveData: true },
    })
    expect((await evaluateOne('it', { key })).metadata).not.toHaveProperty('reason')
  })

  it('leaves a bulk answer in the documented shape', async () => {
    const { serverKey } = await createPlace({ features: [feature('it', state('x'))] })
    const answer = await (await sendBulk(serverKey)).json()
    expect(bulkEvaluation.parse(answer)).toEqual(answer)
  })
})
