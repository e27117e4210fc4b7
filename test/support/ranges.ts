/** Addresses of IPv6 ranges, for tables of what must not be called. */

/** First, middle and last of an IPv6 range, spelled out without any help of the code under test. */
export function threeOf(cidr: string): string[] {
  const [base = '', length = ''] = cidr.split('/')
  const [left = '', right = ''] = base.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const gap = new Array<string>(8 - groups(left).length - groups(right).length).fill('0')
  const bits = [...groups(left), ...gap, ...groups(right)]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('')
  const kept = bits.slice(0, Number(length))
  const room = 128 - kept.length
  return ['0'.repeat(room), `1${'0'.repeat(127)}`.slice(0, room), '1'.repeat(room)].map((rest) =>
    Array.from({ length: 8 }, (_, i) =>
      Number.parseInt(`${kept}${rest}`.slice(i * 16, i * 16 + 16), 2).toString(16),
    ).join(':'),
  )
}
