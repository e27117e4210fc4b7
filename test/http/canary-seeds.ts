/** Puts secrets in over HTTP, in every field that takes one, and notes which answers give one away. */
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { administration } from '../../src/app.ts'
import { unseal } from '../../src/storage/seal.ts'
import { createJar } from '../support/canaries.ts'
import { send } from '../support/send.ts'
import type { Tenant } from '../support/tenant.ts'

const jar = createJar()
const leaks: unknown[] = []

const random = () => crypto.randomUUID().replaceAll('-', '')
/** Of letters that look different in a URL, in ASCII and in base64. */
const secretOf = (name: string) => jar.keep(name, `Cnry +/&é~${random()}`)

/** Asks, and notes every canary of the answer that is not one of those it shows by contract. */
async function ask(
  method: string,
  path: string,
  options: Parameters<typeof send>[2] = {},
  shown: string[] = [],
) {
  const answer = await send(method, `/api/v1/${path}`, options)
  const text = [answer.text, ...answer.headers.values()].join('\n')
  const found = jar.foundIn(text, shown)
  if (found.length > 0) leaks.push([method, path, answer.status, found])
  return answer
}

export const hunt = { jar, ask, leaks, secretOf }

const read = <T>(answer: { status: number; text: string }) => {
  if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`)
  return JSON.parse(answer.text) as T
}

/** People: who registers, logs in, mistypes and joins. */
export async function seedPeople(tenant: Tenant) {
  const { keys, administrator: admin } = tenant
  const organisation = `organisations/${tenant.world.organisation.id}`
  const email = 'heron-invited@example.com'
  const names = { first_name: 'Ida', last_name: 'Lind' }
  const invited = { ...names, email, sign_up_type: 'INVITE_EMAIL', invite_hash: keys.invite.hash }
  const register = (body: object) => ask('POST', 'auth/users/', { body })
  await register({ ...names, email, password: await secretOf('password without an invite') })
  await register({ ...invited, password: await jar.keep('short password', 'qZ7#x!v') })
  await register({ ...invited, password: await jar.keep('digits as password', '73948573920117') })
  const unsaid = { ...invited, invite_hash: await secretOf('wrong invite') }
  await register({ ...unsaid, password: await secretOf('password with a wrong invite') })
  await register({ ...invited, email: 'x', password: await secretOf('password beside an error') })
  const password = await secretOf('password')
  const person = read<{ key: string }>(await register({ ...invited, password }))
  await jar.keep('session by registering', person.key)

  const login = (body: unknown, headers = {}) => ask('POST', 'auth/login/', { body, headers })
  const wrong = await secretOf('wrong password')
  await login({ email, password: wrong })
  await login({ email: 'nobody@example.com', password: wrong })
  await login({ email: await secretOf('password in the place of the address'), password: wrong })
  await login({ email, password: { password: await secretOf('password as an object') } })
  await login({ email, password: [await secretOf('password as a list')] })
  await login({ email, password: (await secretOf('password too long')).repeat(30) })
  await login({ email: await secretOf('password as address'), password: null })
  await login(`{"email": "${email}", "password": "${await secretOf('password in broken JSON')}`)
  const form = new URLSearchParams({ password: await secretOf('password in a form') })
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  await login(form.toString(), type)
  await login(`${form}`, { 'Content-Type': 'text/plain' })
  const { key } = read<{ key: string }>(await login({ email, password }))
  await jar.keep('session by login', key)
  const auth = `Token ${person.key}`

  const opens = async (path: string, body: object) => {
    const made = await ask('POST', `${organisation}/${path}/`, { body, auth: admin.auth })
    return read<{ hash: string }>(made).hash
  }
  await jar.keep('invite', await opens('invites', { email: 'other@example.com' }))
  const link = await jar.keep('link', await opens('invite-links', {}))
  await ask('POST', `users/join/${await jar.keep('wrong hash', `cnry${random()}`)}/`, { auth })
  await ask('POST', `users/join/link/${link}/`, { auth })
  await ask('POST', `users/join/${keys.invite.hash}/`, { auth })
  await ask('POST', `users/join/${keys.invite.hash}/`, { auth })
  await ask('POST', 'auth/logout/', { auth: `Token ${key}` })
  await ask('GET', 'auth/users/me/', { auth: `Token ${key}` })
}

/** Credentials of every kind, good ones and bad ones, where they belong and where they do not. */
export async function seedCredentials(tenant: Tenant) {
  const { keys, inside, main } = tenant
  const [path, environment] = [`projects/${main.project.id}/`, main.environment.api_key]
  const bad = await jar.keep('bad credential', `cnry${random()}`)
  const schemes = ['Token ', 'Api-Key ', `Api-Key ${keys.kept.prefix}.`, 'Bearer ', 'Basic ', '']
  for (const scheme of schemes) await ask('GET', path, { auth: scheme + bad })
  for (const one of [keys.kept, keys.revoked, keys.expired]) {
    await ask('GET', path, { auth: `Api-Key ${one.key}` })
    await ask('GET', path, { auth: `Token ${one.key}` })
  }
  for (const key of [inside.serverKey.key, bad, `ser.${bad}`]) {
    const headers = { 'X-Environment-Key': key, Authorization: `Bearer ${key}` }
    await ask('GET', 'environment-document/', { headers })
    await ask('GET', 'flags/', { headers })
    await ask('POST', 'identities/', { headers, body: { identifier: 'who' } })
  }
  const { auth } = tenant.administrator
  const states = `environments/${environment}/featurestates/`
  for (const version of [`"${await secretOf('If-Match')}"`, await secretOf('bare If-Match')]) {
    const headers = { 'If-Match': encodeURIComponent(version) }
    await ask('PUT', `${states}1/`, { auth, headers, body: { enabled: true } })
  }
  const asked = await jar.keep('secret in a query', `cnry${random()}`)
  await ask('GET', `${path}?token=${asked}&api_key=${asked}`)
  await ask('GET', `${path}${asked}/nothing/`, { auth })
  await ask('GET', path, {
    auth,
    headers: { Cookie: `token=${asked}`, Referer: `http://x/${asked}` },
  })
  const body = { name: 'again', key: await secretOf('chosen key'), hash: asked, prefix: asked }
  const made = await ask('POST', `environments/${environment}/api-keys/`, { auth, body })
  await jar.keep('server-side key made later', read<{ key: string }>(made).key)
  const of = `organisations/${tenant.world.organisation.id}/master-api-keys/`
  const own = await ask('POST', of, { auth, body })
  await jar.keep('organisation key made later', read<{ key: string }>(own).key)
}

/** An endpoint that is right, those that are refused, and one event that is really sent. */
export async function seedWebhooks(tenant: Tenant) {
  const { auth } = tenant.administrator
  const path = `environments/${tenant.main.environment.api_key}/webhooks/`
  const shown = () => jar.names().filter((name) => name.startsWith('webhook'))
  const url = 'http://127.0.0.1:9/canary'
  const secret = await secretOf('webhook secret')
  const made = await ask('POST', path, { auth, body: { url, secret, asymmetric: true } }, shown())
  const { id } = read<{ id: number }>(made)
  const at = `${path}${id}/`
  const sealed = 'SELECT sealed_private_key FROM webhooks WHERE id = ?'
  const column = await env.DB.prepare(sealed).bind(id).first<string>('sealed_private_key')
  await jar.keep('private key of a webhook', await unseal(env.BURGEE_SECRET, column ?? ''))
  leaks.push(...jar.foundIn(made.text, shown()))
  for (const address of ['ftp://x', 'http://user:cnry-pass@x/', `http://${'x'.repeat(300)}`]) {
    const body = { url: address, secret: await secretOf('secret beside a wrong URL') }
    await ask('POST', path, { auth, body })
    await ask('PUT', at, { auth, body })
  }
  await ask('PATCH', at, { auth, body: { secret: { x: await secretOf('secret as an object') } } })
  await ask('PATCH', at, { auth, body: { secret: [await secretOf('secret as a list')] } })
  const long = (await secretOf('secret too long')).repeat(8)
  await ask('PATCH', at, { auth, body: { secret: long } })
  const other = await secretOf('webhook secret of later')
  await ask('PATCH', at, { auth, body: { secret: other } }, shown())
  await ask('PATCH', at, { auth, body: { secret } }, shown())
  const states = `environments/${tenant.main.environment.api_key}/featurestates/`
  const list = await ask('GET', states, { auth })
  const { results } = read<{ results: { id: number }[] }>(list)
  await ask('PUT', `${states}${results[0]?.id}/`, { auth, body: { enabled: true } })
  await vi.waitFor(
    async () => {
      const sent = 'SELECT count(*) AS n FROM attempts WHERE response_body IS NOT NULL'
      expect(await env.DB.prepare(sent).first('n')).toBeGreaterThan(0)
    },
    { timeout: 10_000, interval: 100 },
  )
}

/** What fails inside: statements that D1 refuses, alone and in the ledger's batch. */
export async function seedFailures(tenant: Tenant) {
  const broken = new Proxy(env.DB, {
    get: (target, name) =>
      name === 'prepare'
        ? (text: string) => target.prepare(`${text} bogus (`)
        : Reflect.get(target, name).bind(target),
  })
  const { auth } = tenant.administrator
  const webhooks = `environments/${tenant.main.environment.api_key}/webhooks/`
  const email = 'heron-invited@example.com'
  const failing: [string, object][] = [
    ['auth/login/', { email, password: await secretOf('password when D1 fails') }],
    [webhooks, { url: 'http://127.0.0.1:9/x', secret: await secretOf('secret when D1 fails') }],
    [`organisations/${tenant.world.organisation.id}/master-api-keys/`, { name: 'lost' }],
  ]
  for (const [path, body] of failing) {
    const init = { method: 'POST', body: JSON.stringify(body) }
    const headers = { Authorization: auth, 'Content-Type': 'application/json' }
    const request = new Request(`http://localhost/api/v1/${path}`, { ...init, headers })
    const response = await administration.fetch(request, { ...env, DB: broken })
    leaks.push(...jar.foundIn(await response.text()).map((found) => [path, found]))
    expect(response.status).toBe(500)
  }
  const refuse = "SELECT RAISE(ABORT, 'no more entries')"
  await env.DB.prepare(`CREATE TRIGGER full BEFORE INSERT ON entries BEGIN ${refuse}; END`).run()
  for (const [path, body] of failing.slice(1)) {
    expect((await ask('POST', path, { auth, body })).status).toBe(500)
  }
  await env.DB.prepare('DROP TRIGGER full').run()
}
