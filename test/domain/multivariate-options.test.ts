import { describe, expect, it } from 'vitest'
import {
  checkOptions,
  exceedsWhole,
  newOption,
  type OptionInput,
  replaceOptions,
} from '../../src/domain/multivariate-options.ts'
import type { MultivariateOption } from '../../src/storage/features.ts'

const option = (id: number, changes: Partial<MultivariateOption> = {}): MultivariateOption => ({
  id,
  uuid: `uuid-${id}`,
  featureId: 7,
  key: null,
  type: 'unicode',
  stringValue: `value ${id}`,
  integerValue: null,
  booleanValue: null,
  defaultPercentageAllocation: 10,
  ...changes,
})

const refusal = (errors: unknown) => ({ kind: 'invalid', errors: { multivariate_options: errors } })

describe('a new option', () => {
  it('weighs 100 and has no value and no key unless told otherwise', () => {
    expect(newOption(1, 7, {})).toEqual({
      id: 1,
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      featureId: 7,
      key: null,
      type: 'unicode',
      stringValue: null,
      integerValue: null,
      booleanValue: null,
      defaultPercentageAllocation: 100,
    })
  })

  it.each([
    [
      { type: 'int', integerValue: 5 },
      { type: 'int', integerValue: 5 },
    ],
    [
      { type: 'bool', booleanValue: false },
      { type: 'bool', booleanValue: false },
    ],
    [
      { type: 'unicode', stringValue: '' },
      { type: 'unicode', stringValue: '' },
    ],
    [{ stringValue: '5' }, { type: 'unicode', stringValue: '5' }],
    [
      { type: 'int', integerValue: 5, stringValue: 'x' },
      { type: 'int', integerValue: 5, stringValue: null },
    ],
    [{ type: 'int' }, { type: 'unicode', stringValue: null, integerValue: null }],
  ] satisfies [OptionInput, OptionInput][])(
    'takes its value by its type: %j',
    (input, expected) => {
      expect(newOption(1, 7, input)).toMatchObject(expected)
    },
  )

  it('never takes an id from the request', () => {
    expect(newOption(1, 7, { id: 99 }).id).toBe(1)
  })
})

describe('options', () => {
  it.each([
    [[], undefined],
    [[100], undefined],
    [[50, 50], undefined],
    [[14.3, 14.3, 14.3, 14.3, 14.3, 14.3, 14.2], undefined],
    [[33.3, 33.3, 33.4], undefined],
    [[0, 0, 0], undefined],
    [[100, 0.01], refusal(['Invalid percentage allocation'])],
    [[60, 60], refusal(['Invalid percentage allocation'])],
  ])('of weights %j are allowed up to 100', (weights, expected) => {
    const options = weights.map((defaultPercentageAllocation, id) =>
      option(id, { defaultPercentageAllocation }),
    )
    expect(checkOptions(options)).toEqual(expected)
  })

  it('differ in their keys, and none is called control', () => {
    const keyed = (...keys: (string | null)[]) =>
      checkOptions(keys.map((key, id) => option(id, { key })))
    expect(keyed('a', 'b', null, null)).toBeUndefined()
    expect(keyed('a', 'a')).toEqual(refusal(['The keys of the options of a feature must differ.']))
    expect(keyed('control')).toEqual(refusal(['The key "control" is reserved.']))
    expect(keyed('__proto__', 'constructor')).toBeUndefined()
  })

  it('hold no more together than an event can tell', () => {
    const values = (count: number) =>
      Array.from({ length: count }, (_, id) =>
        option(id, { stringValue: 'x'.repeat(20_000), defaultPercentageAllocation: 0 }),
      )
    expect(checkOptions(values(5))).toBeUndefined()
    expect(checkOptions(values(6))).toEqual(
      refusal(['The values of all options may have 100000 characters together.']),
    )
  })

  it('add up without being refused for a rounding error', () => {
    expect(exceedsWhole([33.4, 33.3, 33.3, 1e-14])).toBe(false)
    expect(exceedsWhole([100.001])).toBe(true)
  })
})

describe('a sent list', () => {
  const before = [option(1, { key: 'a' }), option(2, { key: 'b' }), option(3)]
  const replace = (inputs: OptionInput[]) => replaceOptions(before, inputs, { id: 7, firstId: 50 })
  const changesOf = (inputs: OptionInput[]) => {
    const outcome = replace(inputs)
    if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
    return outcome.value
  }
  const ids = (options: { id: number }[]) => options.map(({ id }) => id)

  it('that names every option and changes none changes nothing', () => {
    const changes = changesOf([{ id: 1 }, { id: 2 }, { id: 3 }])
    expect(changes).toEqual({ options: before, added: [], edited: [], removed: [] })
  })

  it('removes what it does not name, edits what it names, adds what has no id', () => {
    const changes = changesOf([
      { id: 2, defaultPercentageAllocation: 20 },
      { stringValue: 'new', defaultPercentageAllocation: 30 },
      { id: 3 },
    ])
    expect(ids(changes.options)).toEqual([2, 3, 50])
    expect(ids(changes.added)).toEqual([50])
    expect(ids(changes.removed)).toEqual([1])
    expect(changes.edited).toEqual([option(2, { key: 'b', defaultPercentageAllocation: 20 })])
  })

  it('keeps what an item leaves out, and clears what it sends as null', () => {
    const [first, second] = changesOf([{ id: 1, key: null }, { id: 2 }, { id: 3 }]).options
    expect(first).toEqual(option(1, { key: null }))
    expect(second).toEqual(before[1])
  })

  it('changes the type of a value together with the value', () => {
    const [first] = changesOf([{ id: 1, type: 'int', integerValue: 5 }]).options
    expect(first).toMatchObject({ type: 'int', integerValue: 5, stringValue: null })
  })

  it('lets two options swap their keys, and a new one take the key of a removed one', () => {
    const swapped = changesOf([{ id: 1, key: 'b' }, { id: 2, key: 'a' }, { id: 3 }])
    expect(swapped.edited.map(({ key }) => key)).toEqual(['b', 'a'])
    const taken = changesOf([{ id: 2 }, { key: 'a', defaultPercentageAllocation: 1 }])
    expect(taken.options.map(({ key }) => key)).toEqual(['b', 'a'])
  })

  it('may be empty', () => {
    expect(changesOf([])).toEqual({ options: [], added: [], edited: [], removed: before })
  })

  it.each([99, 50])('that names an option of another feature is refused: %i', (id) => {
    expect(replace([{ id: 1 }, { id }])).toEqual(
      refusal([{}, { id: ['Not an option of this feature.'] }]),
    )
  })

  it('that names an option twice is refused', () => {
    expect(replace([{ id: 1 }, { id: 1 }])).toEqual(
      refusal([{}, { id: ['This option stands in the list twice.'] }]),
    )
  })

  it('is weighed as a whole', () => {
    expect(replace([{ id: 1 }, { id: 2 }, { id: 3 }, {}])).toEqual(
      refusal(['Invalid percentage allocation']),
    )
    expect(replace([{}]).kind).toBe('ok')
  })
})
