/** The order in which an administrator can ask for everything of one tenant. */

/** What is deleted last, because others are below it. */
const wholes = [
  ...['/identities/:identity', '/features/:feature', '/segments/:segment', '/groups/:group'],
  ...['/environments/:environment', '/projects/:project', '/organisations/:organisation'],
]

function rank(route: string): number {
  if (route.startsWith('DELETE')) return 11 + wholes.findIndex((end) => route.endsWith(end))
  if (/\/(remove-|delete-|clone-from-|abort|complete|resend)/.test(route)) return 4
  return ['GET', 'PUT', 'PATCH', 'POST'].indexOf(route.split(' ')[0] ?? '')
}

export const inTurn = (routes: string[]): string[] => [...routes].sort((a, b) => rank(a) - rank(b))

/** Of the caller, not of the tenant: asked by a new person each, because some end the session. */
export const isOwn = (route: string): boolean =>
  / \/api\/v1\/auth\//.test(route) || route === 'POST /api/v1/organisations'
