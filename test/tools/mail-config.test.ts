import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configuration, namesSender, withMail } from '../../src/tools/mail-config.ts'

describe('the configuration of a deployment', () => {
  test('has no mail unless the operator named a sender', () => {
    expect(configuration()).not.toContain('send_email')
    expect(namesSender(configuration())).toBe(false)
    const named = configuration().replace('MAIL_FROM = ""', 'MAIL_FROM = "flags@example.com"')
    expect(namesSender(named)).toBe(true)
  })

  test('with mail is the same but for the binding, and finds its files from anywhere', () => {
    const mailed = withMail(configuration())
    const paths = [...mailed.matchAll(/^(?:main|migrations_dir) = "(.+)"$/gm)].map(
      (m) => m[1] ?? '',
    )
    expect(paths).toHaveLength(2)
    expect(paths.filter((path) => !path.startsWith('/') || !existsSync(path))).toEqual([])
    expect(mailed).toMatch(/\n\[\[send_email\]\]\nname = "EMAIL"\n$/)
    const lines = (text: string) => text.split('\n').filter((line) => !/^(main|migra)/.test(line))
    expect(lines(mailed).slice(0, -4)).toEqual(lines(configuration()).slice(0, -1))
  })
})
