import { describe, expect, it } from 'vitest'
import { percentage } from '../../src/engine/percentage.ts'
import { all, flag, identity, override, segment, state, variant } from './fixtures.ts'

// Seed 78986 and this key fall at 49.28.
const who = identity({}, { key: '32103813' })

function feature(weights: [id: number, weight: number, key?: string][]) {
  const variants = weights.map(([id, weight, key]) =>
    variant(id, `value_${id}`, { weight, key: key ?? null }),
  )
  return { id: 1, name: 'feature', state: state(10, 'control value', { seed: 78986, variants }) }
}

describe('variants', () => {
  it('are bucketed in the order of their ids, not of the array', () => {
    const found = flag(
      {
        features: [
          feature([
            [20, 50],
            [10, 50],
          ]),
        ],
      },
      who,
    )
    expect(found).toMatchObject({ value: 'value_10', variant: null, reason: 'SPLIT; weight=50' })
  })

  it('answer with their key', () => {
    expect(flag({ features: [feature([[1, 100, 'blue']])] }, who)).toMatchObject({
      value: 'value_1',
      control: 'control value',
      variant: 'blue',
      reason: 'SPLIT; weight=100',
    })
  })

  it('answer null for an option without a key, even beside options that have one', () => {
    expect(
      flag(
        {
          features: [
            feature([
              [1, 50],
              [2, 50, 'blue'],
            ]),
          ],
        },
        who,
      ).variant,
    ).toBeNull()
  })

  it('leave the control when the percentage lies beyond them', () => {
    expect(
      flag(
        {
          features: [
            feature([
              [1, 30, 'a'],
              [2, 10, 'b'],
            ]),
          ],
        },
        who,
      ),
    ).toMatchObject({
      value: 'control value',
      variant: 'control',
      reason: 'DEFAULT',
    })
  })

  it('exclude the end of their range and include its beginning', () => {
    const place = percentage('78986', '32103813')
    expect(
      flag(
        {
          features: [
            feature([
              [1, place],
              [2, 50],
            ]),
          ],
        },
        who,
      ).value,
    ).toBe('value_2')
    expect(
      flag(
        {
          features: [
            feature([
              [1, place + 1e-9],
              [2, 50],
            ]),
          ],
        },
        who,
      ).value,
    ).toBe('value_1')
  })

  it('of weight zero never win, not even at the very bottom', () => {
    const bottom = {
      ...feature([
        [1, 0],
        [2, 100],
      ]),
    }
    bottom.state.seed = 1
    expect(flag({ features: [bottom] }, identity({}, { key: '13139' })).value).toBe('value_2')
  })

  it('do not apply without an identity', () => {
    expect(flag({ features: [feature([[1, 100, 'blue']])] }, null)).toMatchObject({
      value: 'control value',
      variant: null,
      reason: 'DEFAULT',
    })
  })

  it('of a segment override count in place of the default ones, with its own seed', () => {
    const overriding = state(20, 'other', {
      seed: 1,
      variants: [variant(1, 'split', { weight: 30 }), variant(2, 'rest', { weight: 70 })],
    })
    const segments = [segment(1, [all()], [override(1, 0, overriding)])]
    const found = flag({ features: [feature([[1, 100]])], segments }, identity({}, { key: '2' }))
    expect(found).toMatchObject({
      value: 'split',
      reason: 'SPLIT; weight=30',
      origin: 'segment',
      featureSegmentId: 1020,
      stateId: 20,
    })
  })

  it('missed in a segment override leave its targeting reason', () => {
    const overriding = state(20, 'other', { variants: [variant(1, 'split', { weight: 0 })] })
    const segments = [segment(1, [all()], [override(1, 0, overriding)])]
    expect(flag({ features: [feature([])], segments }, who)).toMatchObject({
      value: 'other',
      variant: 'control',
      reason: 'TARGETING_MATCH; segment=segment_1',
    })
  })

  it('of an identity override choose its option', () => {
    const mine = state(50, 'control', {
      variants: [variant(2, 'no', { weight: 0 }), variant(1, 'mine', { weight: 100, key: 'k' })],
    })
    const overridden = identity({}, { overrides: new Map([[1, mine]]) })
    expect(flag({ features: [feature([])] }, overridden)).toMatchObject({
      value: 'mine',
      variant: 'k',
      reason: 'SPLIT; weight=100',
      origin: 'identity',
    })
  })

  it('hash the textual key of a state that came with one', () => {
    const textual = feature([[1, 54.54, 'in']])
    textual.state = { ...textual.state, seed: 1, hashKey: '78986' }
    expect(flag({ features: [textual] }, identity({}, { key: 'test_env_foobar' })).variant).toBe(
      'in',
    )
  })

  it('hash the composite key of an identity that brings none', () => {
    const parts = {
      environment: { name: 'Test', apiKey: 'test_env' },
      features: [
        feature([
          [1, 54.53],
          [2, 0.01, 'thin'],
        ]),
      ],
    }
    expect(flag(parts, identity({}, { identifier: 'foobar' })).variant).toBe('thin')
  })
})
