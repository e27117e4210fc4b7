import { describe, expect, it } from 'vitest'
import { checkTarget } from '../../src/delivery/target.ts'

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
