import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { begin, digest, feed, finish } from '../../src/engine/md5.ts'
import { randomSource } from './fixtures.ts'

function md5(...pieces: string[]): string {
  begin()
  for (const piece of pieces) feed(piece)
  finish()
  return [...digest].map((word) => word.toString(16).padStart(8, '0')).join('')
}

function reference(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex')
}

describe('md5', () => {
  it('agrees with the platform on a hundred thousand random texts', () => {
    const random = randomSource(20240517)
    const alphabet = ['a', 'Z', '7', ',', ' ', '_', 'é', 'ß', 'サ', 'ズ', '😀', '\u0000', '\uffff']
    const differing: string[] = []
    for (let i = 0; i < 100_000; i++) {
      let text = ''
      for (let n = random(i % 100 === 0 ? 400 : 80); n > 0; n--) {
        text += alphabet[random(alphabet.length)]
      }
      if (md5(text) !== reference(text)) differing.push(text)
    }
    expect(differing).toEqual([])
  })

  it('agrees at every length around the block boundaries', () => {
    for (let length = 0; length < 260; length++) {
      expect(md5('x'.repeat(length))).toBe(reference('x'.repeat(length)))
    }
  })

  it('does not care how a message is cut into pieces', () => {
    expect(md5('ab', '', 'cサ', ',')).toBe(reference('abcサ,'))
  })

  it('counts a lone surrogate as the replacement character', () => {
    expect(md5('a\ud800b')).toBe(reference('a\ufffdb'))
    expect(md5('\udc00')).toBe(reference('\ufffd'))
  })
})
