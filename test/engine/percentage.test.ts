import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { percentage } from '../../src/engine/percentage.ts'
import { randomSource } from './fixtures.ts'

/** The contract's recipe (sdk-api §5.7) in the plainest words, big integers and all. */
function slowly(ids: string[]): number {
  for (let copies = 1; ; copies++) {
    const message = Array.from({ length: copies }, () => ids.join(',')).join(',')
    const hash = BigInt(`0x${createHash('md5').update(message).digest('hex')}`)
    const value = (Number(hash % 9999n) / 9998) * 100
    if (value !== 100) return value
  }
}

describe('percentage', () => {
  const golden: [string, string, number][] = [
    ['1', '1', 84.97699539907981],
    ['1', '2', 26.59531906381276],
    ['10', 'user_1', 26.635327065413083],
    ['78986', '32103813', 49.27985597119424],
    ['78986', 'test_env_foobar', 54.53090618123625],
    ['12345', 'test_env_foobar', 51.990398079615915],
    ['1016366', '8AYnz4q3KEfT5DFtnramnP_user-123', 39.19783956791358],
    ['5d688e14-4e5e-47e5-9c53-b452ac9e5f16', 'env_サイズ', 31.366273254650928],
    ['1', '', 78.4756951390278],
    ['1', '13139', 0],
    ['1', '8931', 45.779155831166236],
    ['1', '13116', 18.433686737347468],
  ]
  it.each(golden)('puts %s and %s where the contract says', (first, second, expected) => {
    expect(percentage(first, second)).toBe(expected)
  })

  it('agrees with arithmetic on big integers for random ids', () => {
    const random = randomSource(9999)
    for (let i = 0; i < 20_000; i++) {
      const ids = [`${random(1_000_000)}`, `env_${random(1_000_000)}`]
      expect(percentage(ids[0] ?? '', ids[1] ?? '')).toBe(slowly(ids))
    }
  })

  it('hashes again, and never answers a hundred, when the first hash comes to a hundred', () => {
    for (let i = 0; i < 60_000; i++) {
      const value = percentage('7', `${i}`)
      if (!(value >= 0 && value < 100)) expect(value).toBeLessThan(100)
    }
  })
})
