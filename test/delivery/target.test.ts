import { beforeEach, describe, expect, it, vi } from 'vitest'
import { checkTarget } from '../../src/delivery/target.ts'
import {
  addDelivery,
  consume,
  findDelivery,
  listAttempts,
  quietEnv,
  receiver,
  second,
} from './world.ts'

beforeEach(() => {
  vi.spyOn(console, 'info').mockImplementation(() => undefined)
})

type Records = { [question: string]: unknown }

/** A resolver with a fixed zone: `name/TYPE` → addresses, or a whole reply. Counts its questions. */
function resolver(zone: Records) {
  const asked: string[] = []
  const fetch = async (input: RequestInfo | URL) => {
    const url = new URL(String(input))
    expect(url.origin + url.pathname).toBe('https://cloudflare-dns.com/dns-query')
    const type = url.searchParams.get('type')
    const question = `${url.searchParams.get('name')}/${type}`
    asked.push(question)
    const found = zone[question] ?? []
    if (found instanceof Response) return found
    if (found instanceof Error) throw found
    if (!Array.isArray(found)) return Response.json(found)
    const Answer = found.map((data) => ({ type: type === 'A' ? 1 : 28, data }))
    return Response.json({ Status: 0, Answer })
  }
  return { asked, fetch: fetch as typeof globalThis.fetch }
}

const check = (host: string, zone: Records) =>
  checkTarget(`https://${host}/hook`, { allowPrivate: false, fetch: resolver(zone).fetch })

describe('a name at the time of an attempt', () => {
  it('is called when all its addresses are public', async () => {
    const zone = {
      'example.com/A': ['93.184.216.34', '1.1.1.1'],
      'example.com/AAAA': ['2606:4700::1111'],
    }
    expect(await check('example.com', zone)).toBeNull()
    expect(await check('EXAMPLE.com.', zone)).toBeNull()
  })

  it.each([
    ['only IPv4', { 'example.com/A': ['1.1.1.1'] }],
    ['only IPv6', { 'example.com/AAAA': ['2606:4700::1111'] }],
    [
      'an alias on the way',
      {
        'example.com/A': {
          Status: 0,
          Answer: [
            { type: 5, data: 'edge.example.net.' },
            { type: 1, data: '1.1.1.1' },
          ],
        },
      },
    ],
  ])('is called with %s', async (_, zone) => {
    expect(await check('example.com', zone)).toBeNull()
  })

  it.each([
    ['127.0.0.1.nip.io', ['127.0.0.1'], []],
    ['169-254-169-254.nip.io', ['169.254.169.254'], []],
    ['10.0.0.1.nip.io', ['10.0.0.1'], []],
    ['one bad among good', ['1.1.1.1', '192.168.0.1'], []],
    ['IPv6 loopback behind a good IPv4', ['1.1.1.1'], ['::1']],
    ['unique local', [], ['fd00::1']],
    ['mapped loopback', ['1.1.1.1'], ['::ffff:127.0.0.1']],
    ['NAT64 of a private address', [], ['64:ff9b::10.0.0.1']],
    ['no address at all', [], []],
    ['an answer that is no address', ['0177.0.0.1'], []],
    ['an answer out of range', ['300.1.1.1'], []],
    ['text', ['localhost'], []],
  ])('is refused: %s', async (_, a, aaaa) => {
    const zone = { 'name.example/A': a, 'name.example/AAAA': aaaa }
    expect(await check('name.example', zone)).toMatch(/public/)
  })

  const good = ['1.1.1.1']
  it.each([
    ['the name is unknown', { Status: 3 }],
    ['its servers fail', { Status: 2 }],
    ['the resolver fails', new Response('', { status: 500 })],
    ['the resolver does not speak JSON', new Response('<html>')],
    ['the resolver answers nonsense', Response.json(null)],
    ['the answer has no status', { Answer: [{ type: 1, data: '1.1.1.1' }] }],
    ['the resolver cannot be reached', new Error('Network connection lost.')],
  ])('is refused when %s', async (_, reply) => {
    expect(await check('name.example', { 'name.example/A': reply })).toMatch(/public/)
    const half = { 'name.example/A': good, 'name.example/AAAA': reply }
    expect(await check('name.example', half)).toMatch(/public/)
  })

  it('gives the same reason for blocked and unresolvable', async () => {
    const blocked = await check('name.example', { 'name.example/A': ['10.0.0.1'] })
    const unknown = await check('name.example', { 'name.example/A': { Status: 3 } })
    expect(blocked).toBe(unknown)
  })

  it('is asked for anew every time, so a name that changes sides is caught', async () => {
    const zone: Records = { 'name.example/A': ['1.1.1.1'] }
    expect(await check('name.example', zone)).toBeNull()
    zone['name.example/A'] = ['127.0.0.1']
    expect(await check('name.example', zone)).not.toBeNull()
  })
})

describe('without a question to DNS', () => {
  it.each([
    ['a public address', 'https://1.1.1.1/', false],
    ['a private address', 'https://10.0.0.1/', false],
    ['a URL the policy refuses', 'http://example.com/', false],
    ['anything where private targets are allowed', 'http://localhost:1/', true],
  ])('%s', async (_, url, allowPrivate) => {
    const { asked, fetch } = resolver({})
    await checkTarget(url, { allowPrivate, fetch })
    expect(asked).toEqual([])
  })
})

/** Answers DNS questions from `addresses` and takes everything else as the webhook's request. */
const withDns = (addresses: string[]) =>
  receiver(({ url }) => {
    if (!url.startsWith('https://cloudflare-dns.com/')) return new Response('ok')
    const Answer = url.endsWith('=A') ? addresses.map((data) => ({ type: 1, data })) : []
    return Response.json({ Status: 0, Answer })
  })

describe('where private targets are not allowed', () => {
  const { env } = quietEnv({ ALLOW_PRIVATE_WEBHOOKS: 'false' })

  it.each([
    ['a private address', 'https://10.0.0.1/hook', ['1.1.1.1']],
    ['cloud metadata', 'https://169.254.169.254/latest', ['1.1.1.1']],
    ['plain http', 'http://receiver.example/hook', ['1.1.1.1']],
    ['a name for loopback', 'https://127.0.0.1.nip.io/hook', ['127.0.0.1']],
    ['a name that does not resolve', 'https://receiver.example/hook', []],
  ])('%s is never called, and the attempt says so', async (_, url, addresses) => {
    const { id } = await addDelivery({ url, secret: 'a secret' })
    const { tools, requests } = withDns(addresses)
    await consume(env, tools, [id])
    const called = requests.filter((sent) => !sent.url.startsWith('https://cloudflare-dns.com/'))
    expect(called).toEqual([])
    const [attempt] = await listAttempts(id)
    expect(attempt).toMatchObject({ outcome: 'failed', responseStatus: null })
    expect(attempt?.error).toMatch(/^refused: /)
    expect(await findDelivery(id)).toMatchObject({ state: 'waiting', attempts: 1 })
  })

  it('a public name is called', async () => {
    const { id } = await addDelivery()
    const { tools, requests } = withDns(['1.1.1.1'])
    await consume(env, tools, [id])
    expect(requests.at(-1)?.url).toBe('https://receiver.example/hook')
    expect(await findDelivery(id)).toMatchObject({ state: 'delivered' })
  })

  it('a name that turns private between two attempts is not called the second time', async () => {
    const { id } = await addDelivery()
    const addresses = ['1.1.1.1']
    const { tools, requests, clock } = receiver(({ url }) => {
      if (!url.startsWith('https://cloudflare-dns.com/')) return new Response('', { status: 500 })
      const Answer = url.endsWith('=A') ? addresses.map((data) => ({ type: 1, data })) : []
      return Response.json({ Status: 0, Answer })
    })
    await consume(env, tools, [id])
    addresses[0] = '10.0.0.1'
    clock.now += 6 * second
    await consume(env, tools, [id])
    const called = requests.filter((sent) => sent.url === 'https://receiver.example/hook')
    expect(called).toHaveLength(1)
    expect(await listAttempts(id)).toHaveLength(2)
  })

  it.each(['', 'TRUE', '1', 'false'])('the setting %j does not allow them', async (setting) => {
    const { id } = await addDelivery({ url: 'http://127.0.0.1/hook' })
    const { tools, requests } = receiver(() => new Response('ok'))
    await consume(quietEnv({ ALLOW_PRIVATE_WEBHOOKS: setting }).env, tools, [id])
    expect(requests).toEqual([])
  })
})
