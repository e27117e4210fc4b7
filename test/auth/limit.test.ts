import { expect, it } from 'vitest'
import {
  networkOf,
  refuseTooManyInvites,
  refuseTooManyJoins,
  refuseTooManyLogins,
} from '../../src/auth/limit.ts'

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
  expect(
    await refuseTooManyLogins(limit, { ip: '203.0.113.9', email: 'A@example.com' }),
  ).toBeUndefined()
  expect(await refuseTooManyLogins(limit, { ip: null, email: 'a@EXAMPLE.com' })).toBeUndefined()
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

it('a join counts against its network and its person, an invite against whoever makes it', async () => {
  const { keys, limit } = counting(() => true)
  await refuseTooManyJoins(limit, { ip: '203.0.113.9', userId: 7 })
  await refuseTooManyInvites(limit, { kind: 'user', id: '7' })
  await refuseTooManyInvites(limit, { kind: 'organisation-key', id: '7' })
  expect(keys).toEqual([
    'network:203.0.113.9',
    'joining:7',
    'inviting:user:7',
    'inviting:organisation-key:7',
  ])
})
