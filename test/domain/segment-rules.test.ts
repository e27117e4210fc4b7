import { describe, expect, it } from 'vitest'
import { countParts, numberRules, refuseRules, sameRules } from '../../src/domain/segment-rules.ts'

const condition = { operator: 'EQUAL', property: 'plan', value: 'gold' }
const tree = [
  {
    type: 'ALL',
    rules: [{ type: 'ANY', conditions: [condition, condition], note: 'kept' }],
    conditions: [condition],
  },
]

describe('a rule tree', () => {
  it('gets ids in front of its parts, in their order, and loses those it had', () => {
    const numbered = numberRules(tree, { rule: 10, condition: 20 })
    expect(numbered).toEqual([
      {
        id: 10,
        type: 'ALL',
        rules: [
          {
            id: 11,
            type: 'ANY',
            conditions: [
              { id: 20, ...condition },
              { id: 21, ...condition },
            ],
            note: 'kept',
          },
        ],
        conditions: [{ id: 22, ...condition }],
      },
    ])
    expect(numberRules(numbered, { rule: 10, condition: 20 })).toEqual(numbered)
    expect(countParts(numbered)).toEqual({ rules: 2, conditions: 3 })
  })

  it('says the same with and without ids, and not with another order or value', () => {
    const numbered = numberRules(tree, { rule: 1, condition: 1 })
    expect(sameRules(tree, numbered)).toBe(true)
    expect(sameRules(tree, [{ ...tree[0], type: 'ANY' }])).toBe(false)
    expect(sameRules(tree, [...tree, ...tree])).toBe(false)
  })

  it('is refused when it is empty, too deep or too large', () => {
    expect(refuseRules(tree, 100)).toBeUndefined()
    expect(refuseRules([], 100)).toMatchObject({ errors: { rules: [expect.any(String)] } })
    for (const wrong of [
      [{ rules: [{ rules: [{ rules: [] }] }] }],
      [{ conditions: Array.from({ length: 101 }, () => condition) }],
      [{ rules: [{ conditions: Array.from({ length: 101 }, () => condition) }] }],
      [{ note: 'ä'.repeat(200_001) }],
    ]) {
      expect(refuseRules(wrong, 100)).toMatchObject({ errors: { segment: [expect.any(String)] } })
    }
  })
})
