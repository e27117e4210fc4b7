import { describe, expect, it } from 'vitest'
import { compareVersions, parseVersion } from '../../src/engine/semver.ts'
import { holds } from './fixtures.ts'

describe('versions', () => {
  it('follow SemVer precedence', () => {
    const ascending = [
      '0.9.9',
      '1.0.0-1',
      '1.0.0-2',
      '1.0.0-10',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.9',
      '1.0.10',
      '1.2.0',
      '10.0.0',
      '99999999999999999998.0.0',
      '99999999999999999998.7.0',
      '99999999999999999999.0.0',
      '99999999999999999999.3.0',
      `1${'0'.repeat(400)}.2.0`,
      `2${'0'.repeat(400)}.1.0`,
    ].map((text) => parseVersion(text))
    for (const [i, a] of ascending.entries()) {
      for (const [j, b] of ascending.entries()) {
        if (a === null || b === null) throw new Error('not a version')
        expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j))
      }
    }
  })

  it.each([
    'v1.2.3',
    '1.2',
    '1',
    '1.2.3.4',
    '01.2.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3+',
    ' 1.2.3',
    '1.2.3\n',
  ])('do not include %j', (text) => {
    expect(parseVersion(text)).toBeNull()
  })

  it.each([
    ['EQUAL', '1.2.3', '1.2.3', true],
    ['EQUAL', '1.2.3+a', '1.2.3+b', true],
    ['EQUAL', '1.2.3', '1.2.4', false],
    ['NOT_EQUAL', '1.2.3', '1.2.4', true],
    ['NOT_EQUAL', '1.2.3', '1.2.3', false],
    ['GREATER_THAN', '1.2.4', '1.2.3-pre.2+build.4', true],
    ['GREATER_THAN', '1.2.3', '1.2.3-pre.2+build.4', true],
    ['GREATER_THAN', '1.2.3', '1.2.3', false],
    ['GREATER_THAN_INCLUSIVE', '1.2.3', '1.2.3', true],
    ['LESS_THAN', '1.0.0-rc.2', '1.0.0-rc.3', true],
    ['LESS_THAN', '1.10.0', '1.9.0', false],
    ['LESS_THAN_INCLUSIVE', '1.2.3', '1.2.3', true],
    ['LESS_THAN_INCLUSIVE', '1.2.4', '1.2.3', false],
  ])('%s holds for %s and %s: %s', (operator, trait, value, expected) => {
    expect(holds(operator, trait, `${value}:semver`)).toBe(expected)
  })

  it.each(['EQUAL', 'NOT_EQUAL', 'GREATER_THAN', 'LESS_THAN', 'CONTAINS'])(
    '%s is false whenever a side is no version, a `v` prefix included',
    (operator) => {
      expect(holds(operator, 'not a version', '1.2.3:semver')).toBe(false)
      expect(holds(operator, 'v1.2.3', '1.0.0:semver')).toBe(false)
      expect(holds(operator, '1.2.3', 'v1.2.3:semver')).toBe(false)
      expect(holds(operator, '1.2.3', ':semver')).toBe(false)
      expect(holds(operator, '1.0', '1.0.0:semver')).toBe(false)
      expect(holds(operator, 1, '1.0.0:semver')).toBe(false)
    },
  )
})
