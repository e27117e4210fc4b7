/**
 * Which URLs a webhook may have (contract audit-and-webhooks §8.6): asked when one is saved and
 * again at every attempt. Looks at the text only; what a name resolves to is `target.ts`'s question.
 */
import { isPublicAddress, parseAddress } from './addresses.ts'

export type UrlOptions = {
  /** The operator's word: plain http, private and loopback addresses and any port are fine. */
  allowPrivate: boolean
}

const maxLength = 200
const ports = ['', '8443']
const localSuffixes = ['localhost', 'local', 'internal', 'home.arpa']

const askOperator = 'or ask the operator of this server to set ALLOW_PRIVATE_WEBHOOKS'

/** The host as DNS would see it: lower case, one trailing dot and the brackets of IPv6 taken off. */
export const hostOf = (url: URL): string =>
  url.hostname
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1')

/** A name that only means something inside somebody's own network. */
function isLocalName(host: string): boolean {
  const labels = host.split('.')
  return (
    labels.length < 2 ||
    labels.includes('') ||
    localSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
  )
}

const isPublicHost = (host: string): boolean =>
  parseAddress(host) === null ? !isLocalName(host) : isPublicAddress(host)

/** Null when the URL is allowed, otherwise what its owner has to change. */
export function checkUrl(text: string, options: UrlOptions): string | null {
  if (text.length > maxLength) return `Use a URL of at most ${maxLength} characters.`
  const url = URL.parse(text)
  if (url === null) return 'Enter a valid URL.'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Use an https:// URL.'
  if (url.username !== '' || url.password !== '') {
    return 'Remove the user name and password from the URL; verify the signature instead.'
  }
  if (options.allowPrivate) return null
  if (url.protocol !== 'https:') return `Use an https:// URL, ${askOperator}.`
  if (!ports.includes(url.port)) return `Use port 443 or 8443, ${askOperator}.`
  if (!isPublicHost(hostOf(url))) return `Use a public host name or address, ${askOperator}.`
  return null
}
