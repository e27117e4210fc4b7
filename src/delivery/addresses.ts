/**
 * Tells public internet addresses from all others. Pure; knows no names and no URLs. What cannot be
 * parsed is not public.
 */

type Address = { bits: 32 | 128; value: bigint }

const quad = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

function parseV4(text: string): Address | null {
  const bytes = quad.exec(text)?.slice(1).map(Number)
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return null
  return { bits: 32, value: bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n) }
}

function parseV6(text: string): Address | null {
  // The URL parser settles every spelling of IPv6, also a dotted tail, into hex groups.
  if (!/^[0-9a-f:.]+$/i.test(text) || !URL.canParse(`http://[${text}]/`)) return null
  const [head = '', tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = new Array<string>(8 - left.length - right.length).fill('0')
  const groups = [...left, ...gap, ...right]
  return {
    bits: 128,
    value: groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n),
  }
}

export const parseAddress = (text: string): Address | null => parseV4(text) ?? parseV6(text)

/** IANA's special-purpose registry, multicast and the reserved rest (§8.6.3). */
const specialV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure answers instance metadata on this otherwise public address.
  '168.63.129.16/32',
]

/**
 * Inside 2000::/3 only. 2001::/23 holds Teredo and 2002::/16 is 6to4: both carry an IPv4 address
 * that need not be public, so both are refused whole. Mapped and NAT64 forms lie outside 2000::/3.
 */
const specialV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
const globalV6 = ['2000::/3']

type Range = { bits: 32 | 128; prefix: bigint; rest: bigint }

function toRange(cidr: string): Range {
  const [base = '', length = ''] = cidr.split('/')
  const address = parseAddress(base)
  if (address === null) throw new Error(`not an address range: ${cidr}`)
  const rest = BigInt(address.bits - Number(length))
  return { bits: address.bits, prefix: address.value >> rest, rest }
}

const special = [...specialV4, ...specialV6].map(toRange)
const globals = globalV6.map(toRange)

const holds = (address: Address) => (range: Range) =>
  range.bits === address.bits && address.value >> range.rest === range.prefix

export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text)
  if (address === null || special.some(holds(address))) return false
  return address.bits === 32 || globals.some(holds(address))
}
