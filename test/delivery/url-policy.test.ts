import { describe, expect, it } from 'vitest'
import { callOut } from '../../src/delivery/outbound.ts'
import { checkTarget } from '../../src/delivery/target.ts'
import { checkUrl } from '../../src/delivery/url-policy.ts'
import { threeOf } from '../support/ranges.ts'

const isRefused = (url: string) => checkUrl(url, { allowPrivate: false }) !== null

/** First, last and some other address of every range that is not the public internet. */
const specialV4 = [
  ['this network', '0.0.0.0', '0.1.2.3', '0.255.255.255'],
  ['private 10/8', '10.0.0.0', '10.20.30.40', '10.255.255.255'],
  ['shared', '100.64.0.0', '100.100.100.200', '100.127.255.255'],
  ['loopback', '127.0.0.0', '127.0.0.1', '127.255.255.255'],
  ['link-local', '169.254.0.0', '169.254.169.254', '169.254.255.255'],
  ['private 172.16/12', '172.16.0.0', '172.20.0.5', '172.31.255.255'],
  ['protocol assignments', '192.0.0.0', '192.0.0.192', '192.0.0.255'],
  ['documentation 1', '192.0.2.0', '192.0.2.33', '192.0.2.255'],
  ['6to4 relays', '192.88.99.0', '192.88.99.1', '192.88.99.255'],
  ['private 192.168/16', '192.168.0.0', '192.168.1.1', '192.168.255.255'],
  ['benchmarking', '198.18.0.0', '198.19.7.7', '198.19.255.255'],
  ['documentation 2', '198.51.100.0', '198.51.100.9', '198.51.100.255'],
  ['documentation 3', '203.0.113.0', '203.0.113.7', '203.0.113.255'],
  ['multicast', '224.0.0.0', '230.1.2.3', '239.255.255.255'],
  ['reserved', '240.0.0.0', '250.0.0.1', '255.255.255.255'],
  ['Azure metadata', '168.63.129.16', '168.63.129.16', '168.63.129.16'],
] as const

const bytesOf = (address: string) => address.split('.').map(Number)
const numberOf = (address: string) => bytesOf(address).reduce((sum, byte) => sum * 256 + byte, 0)
const hex = (value: number, width = 1) => value.toString(16).padStart(width, '0')
const groupsOf = (value: number) => `${hex(Math.floor(value / 65536))}:${hex(value % 65536)}`

/** Every spelling that a URL parser or a gateway would take to this IPv4 address. */
const spellings: [string, (address: string) => string][] = [
  ['dotted', (a) => a],
  ['trailing dot', (a) => `${a}.`],
  ['one number', (a) => String(numberOf(a))],
  ['one hex number', (a) => `0x${hex(numberOf(a))}`],
  ['one octal number', (a) => `0${numberOf(a).toString(8)}`],
  [
    'hex bytes',
    (a) =>
      bytesOf(a)
        .map((byte) => `0X${hex(byte)}`)
        .join('.'),
  ],
  [
    'octal bytes',
    (a) =>
      bytesOf(a)
        .map((byte) => `0${byte.toString(8)}`)
        .join('.'),
  ],
  ['two parts', (a) => `${bytesOf(a)[0]}.${numberOf(a) % 16777216}`],
  ['three parts', (a) => `${bytesOf(a)[0]}.${bytesOf(a)[1]}.${numberOf(a) % 65536}`],
  ['full-width digits', (a) => a.replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d)))],
  ['ideographic dots', (a) => a.replaceAll('.', '。')],
  ['percent-encoded', (a) => a.replace(/\d/g, (d) => `%3${d}`)],
  ['mapped', (a) => `[::ffff:${a}]`],
  ['mapped in hex', (a) => `[::FFFF:${groupsOf(numberOf(a))}]`],
  ['mapped in full', (a) => `[0000:0000:0000:0000:0000:ffff:${groupsOf(numberOf(a))}]`],
  ['translated', (a) => `[::ffff:0:${a}]`],
  ['compatible', (a) => `[::${a}]`],
  ['NAT64', (a) => `[64:ff9b::${a}]`],
  ['local NAT64', (a) => `[64:ff9b:1::${a}]`],
  ['6to4', (a) => `[2002:${groupsOf(numberOf(a))}::1]`],
  ['Teredo server', (a) => `[2001:0:${groupsOf(numberOf(a))}::1]`],
  ['Teredo client', (a) => `[2001::${groupsOf(4294967295 - numberOf(a))}]`],
]

const specialV6 = [
  ...['::/128', '::1/128', '::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96'],
  ...['64:ff9b:1::/48', '100::/64', '100:0:0:1::/64', '2001::/32', '2001:2::/48', '2001:10::/28'],
  ...['2001:20::/28', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'],
  ...['fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '4000::/2', '8000::/1', '::/3'],
]

/** Nothing of it may be called, neither when it is saved nor when it is sent to nor by a redirect. */
async function expectUncallable(hosts: string[]): Promise<void> {
  for (const host of hosts) {
    const url = `https://${host}/hook`
    expect(isRefused(url), `saved: ${host}`).toBe(true)
    expect(isRefused(`https://${host}:8443/hook`), `saved with a port: ${host}`).toBe(true)
    const calls: string[] = []
    const call = (to: string) =>
      callOut(
        { ALLOW_PRIVATE_WEBHOOKS: 'false' },
        { url: to, headers: {}, body: '{}' },
        {
          fetch: async (input, init) => {
            calls.push(`${input} ${init?.redirect}`)
            return new Response('', { status: 307, headers: { location: url } })
          },
          now: () => 0,
        },
      )
    expect(await call(url), `sent to: ${host}`).toMatchObject({ failure: 'refused', status: null })
    expect(await call('https://1.1.1.1/'), `redirected to: ${host}`).toMatchObject({
      failure: 'redirect',
      status: 307,
    })
    expect(calls, host).toEqual(['https://1.1.1.1/ manual'])
  }
}

/** What a name resolves to counts as much as what stands in the URL. */
async function expectUnresolvable(addresses: string[], type: 'A' | 'AAAA'): Promise<void> {
  for (const address of addresses) {
    const fetch = async (input: RequestInfo | URL) => {
      const asked = String(input).endsWith(`type=${type}`)
      const Answer = asked ? [{ type: type === 'A' ? 1 : 28, data: address }] : []
      return Response.json({ Status: 0, Answer })
    }
    const refusal = await checkTarget('https://name.example/', { allowPrivate: false, fetch })
    expect(refusal, address).toMatch(/public/)
  }
}

describe('addresses that are not public', () => {
  it.each(
    specialV4.flatMap(([range, ...addresses]) =>
      spellings.map(([spelling, spell]) => ({ range, spelling, hosts: addresses.map(spell) })),
    ),
  )('$range, written as: $spelling', ({ hosts }) => expectUncallable(hosts))

  it.each(specialV4)('%s, as the answer of DNS', (_, ...addresses) =>
    expectUnresolvable(addresses, 'A'),
  )

  it.each(specialV6)('IPv6 %s', async (range) => {
    const addresses = threeOf(range)
    await expectUncallable(addresses.map((address) => `[${address}]`))
    await expectUnresolvable(addresses, 'AAAA')
  })

  it('the table of IPv6 spells addresses out right', () => {
    expect(threeOf('2001:db8::/32')).toEqual([
      '2001:db8:0:0:0:0:0:0',
      '2001:db8:8000:0:0:0:0:0',
      '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    ])
    expect(threeOf('::1/128')).toEqual(new Array(3).fill('0:0:0:0:0:0:0:1'))
  })
})

describe('addresses that are public', () => {
  it.each([
    '1.0.0.0',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '192.0.1.255',
    '192.0.3.0',
    '192.88.98.255',
    '192.88.100.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '198.51.99.255',
    '198.51.101.0',
    '203.0.112.255',
    '203.0.114.0',
    '223.255.255.255',
    '168.63.129.15',
  ])('%s, right beside a special range', (address) => {
    expect(isRefused(`https://${address}/hook`)).toBe(false)
    expect(isRefused(`https://${numberOf(address)}/hook`)).toBe(false)
  })

  it.each(['2606:4700::1111', '2000::1', '2001:200::1', '2001:db7::1', '2003::1', '3ffe::1'])(
    'IPv6 %s',
    (address) => {
      expect(isRefused(`https://[${address}]/`)).toBe(false)
    },
  )
})

describe('names', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'ⓛocalhost',
    'api.localhost',
    'printer.local',
    'printer.local.',
    'metadata.google.internal',
    'router.home.arpa',
    'home.arpa',
    'intranet',
    'intranet.',
    'xn--bcher-kva',
    'example..com',
    '.example.com',
    'example.com..',
  ])('%s belongs to somebody’s own network, or to nobody', (host) => {
    expect(isRefused(`https://${host}/hook`)).toBe(true)
  })

  it.each([
    'example.com',
    'EXAMPLE.com.',
    'notlocalhost.com',
    'my-local.dev',
    'internal.example.com',
    'bücher.example',
    '127.0.0.1.nip.io',
  ])('%s passes on its text (DNS decides at the attempt)', (host) => {
    expect(isRefused(`https://${host}/hook`)).toBe(false)
  })
})

describe('the rest of the URL', () => {
  it.each([
    ['plain http', 'http://example.com/', /https/],
    ['another scheme', 'ftp://example.com/', /https/],
    ['a file', 'file:///etc/passwd', /https/],
    ['a script', 'javascript:alert(1)', /https/],
    ['inline data', 'data:text/plain,x', /https/],
    ['a user', 'https://someone@example.com/', /user name/],
    ['a password', 'https://:secret@example.com/', /user name/],
    ['a host in disguise', 'https://example.com@127.0.0.1/', /user name/],
    ['another port', 'https://example.com:22/', /443/],
    ['the port of plain http', 'https://example.com:80/', /443/],
    ['more than 200 characters', `https://example.com/${'x'.repeat(181)}`, /200/],
    ['no scheme', 'example.com/hook', /valid/],
    ['no host', 'https://', /valid/],
    ['nothing', '', /valid/],
    ['an impossible address', 'https://256.1.1.1/', /valid/],
    ['a zone', 'https://[fe80::1%25eth0]/', /valid/],
  ])('%s is refused and says what to change', (_, url, message) => {
    expect(checkUrl(url, { allowPrivate: false })).toMatch(message)
  })

  it.each([
    'https://example.com',
    'https://example.com:443/hook?token=1#part',
    'https://example.com:8443/',
    `https://example.com/${'x'.repeat(180)}`,
  ])('%s is allowed', (url) => {
    expect(checkUrl(url, { allowPrivate: false })).toBeNull()
  })

  it.each([
    ['https://someone:pw@example.com/'],
    ['http://169.254.169.254/'],
    ['https://10.0.0.1:9000/'],
  ])('a refusal does not repeat the URL (%s)', (url) => {
    const message = checkUrl(url, { allowPrivate: false })
    for (const part of ['someone', 'pw', '169.254', '10.0.0.1']) {
      expect(message).not.toContain(part)
    }
  })
})

describe('when the operator allows private targets', () => {
  it.each([
    'http://localhost:4000/hook',
    'http://127.0.0.1:9/hook',
    'http://[::1]:3000/',
    'https://10.0.0.1:9000/',
    'http://receiver/hook',
    'http://example.com:22/',
  ])('%s is allowed', (url) => {
    expect(checkUrl(url, { allowPrivate: true })).toBeNull()
  })

  it.each([
    'ftp://localhost/',
    'http://user:pw@localhost/',
    `http://localhost/${'x'.repeat(200)}`,
    'nonsense',
  ])('%s is still refused', (url) => {
    expect(checkUrl(url, { allowPrivate: true })).not.toBeNull()
  })
})
