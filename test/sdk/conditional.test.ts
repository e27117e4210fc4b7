import { describe, expect, it } from 'vitest'
import type { Document } from '../../src/engine/document.ts'
import { notModified, validatorHeaders, validatorsOf } from '../../src/sdk/conditional.ts'

const changedAt = Date.UTC(2026, 7, 21, 12, 0, 0, 678)

const document = (version: number, updatedAt = changedAt, id = 5) =>
  ({ version, updatedAt, environment: { id } }) as Document

const validators = validatorsOf(document(3), 'document')
const { ETag: etag } = validatorHeaders(validators)

const isNotModified = (headers: Record<string, string>) =>
  notModified(new Headers(headers), validators)

describe('a date', () => {
  it.each([
    [
      'of the very second is enough, whatever its fraction was',
      'Fri, 21 Aug 2026 12:00:00 GMT',
      true,
    ],
    ['that is newer is enough', 'Sat, 22 Aug 2026 00:00:00 GMT', true],
    ['a second older is not', 'Fri, 21 Aug 2026 11:59:59 GMT', false],
    ['with an offset in numbers is none', 'Fri, 21 Aug 2026 12:00:00 +0000', false],
    ['in ISO form is none', '2026-08-21T12:00:00Z', false],
    ['that does not exist is none', 'Fri, 99 Foo 2026 12:00:00 GMT', false],
    ['in epoch seconds is none', '1787313600', false],
    ['that is empty is none', '', false],
  ])('%s', (_, date, expected) => {
    expect(isNotModified({ 'If-Modified-Since': date })).toBe(expected)
  })

  it('is sent without its fraction, and is good when it comes back', () => {
    const { 'Last-Modified': date } = validatorHeaders(validators)
    expect(date).toBe('Fri, 21 Aug 2026 12:00:00 GMT')
    expect(isNotModified({ 'If-Modified-Since': date })).toBe(true)
  })
})

describe('a tag', () => {
  it.each([
    ['is good weak', etag, true],
    ['is good strong', etag.slice(2), true],
    ['is good among others', `"a", ${etag} , W/"b"`, true],
    ['is good as the star', '*', true],
    ['of another version is not', 'W/"document-5-2-x"', false],
    ['without quotes is none', etag.slice(3, -1), false],
    ['that is empty is none', '', false],
  ])('%s', (_, tag, expected) => {
    expect(isNotModified({ 'If-None-Match': tag })).toBe(expected)
  })

  it('goes before a date, in both directions', () => {
    const old = 'Fri, 21 Aug 2020 12:00:00 GMT'
    const now = 'Fri, 21 Aug 2026 12:00:00 GMT'
    expect(isNotModified({ 'If-None-Match': etag, 'If-Modified-Since': old })).toBe(true)
    expect(isNotModified({ 'If-None-Match': '"other"', 'If-Modified-Since': now })).toBe(false)
  })

  it('differs between versions, environments, renderings and restored databases', () => {
    const tags = [
      validatorsOf(document(3), 'document'),
      validatorsOf(document(4), 'document'),
      validatorsOf(document(3, changedAt + 1), 'document'),
      validatorsOf(document(3, changedAt, 6), 'document'),
      validatorsOf(document(3), 'flags'),
    ].map((each) => each.etag)
    expect(new Set(tags).size).toBe(tags.length)
  })
})

it('a request that asks no condition gets the document', () => {
  expect(isNotModified({})).toBe(false)
})
