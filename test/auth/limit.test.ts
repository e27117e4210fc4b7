import { expect, it } from 'vitest'
import { networkOf, refuseTooManyLogins } from '../../src/auth/limit.ts'

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
])('the network of %s is %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})

const counting = (allowed: (key: string) => boolean) => {
  const keys: string[] = []
  const limit: RateLimit = {
    limit: async ({ key }) => {
      keys.push(key)
      return { success: allowed(key) }
    },
  }
  return { keys, limit }
}

it('a login counts against its network and its account, whatever the case of the address', async () => {
  const { keys, limit } = counting(() => true)
  expect(await refuseTooManyLogins(limit, { ip: '203.0.113.9', email: 'A@example.com' })).toBeNull()
  expect(await refuseTooManyLogins(limit, { ip: null, email: 'a@EXAMPLE.com' })).toBeNull()
  expect(keys[0]).toBe('network:203.0.113.9')
  expect(keys[2]).toBe('network:unknown')
  expect(keys[1]).toBe(keys[3])
  expect(keys.join()).not.toContain('example')
})

it.each(['network', 'account'])('too many at one %s are refused for a minute', async (kind) => {
  const { limit } = counting((key) => !key.startsWith(kind))
  expect(await refuseTooManyLogins(limit, { ip: '203.0.113.9', email: 'a@example.com' })).toEqual({
    kind: 'throttled',
    seconds: 60,
  })
})
