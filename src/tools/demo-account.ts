/** The demo's administrator: chosen once per state folder, registered once per server. */
import type { Api } from './api.ts'
import { type Account, randomBase64, type StateFolder } from './state-folder.ts'

/** Chosen and stored before anything is registered: a crash right after must not lock us out. */
export function accountOf(folder: StateFolder): Account {
  const known = folder.account.read()
  if (known !== null) return known
  // Quotes and slashes would be a nuisance in shells and URLs.
  const password = randomBase64(15).replaceAll('+', '-').replaceAll('/', '_')
  const account = { email: 'admin@example.com', password, organisation_api_key: null }
  folder.account.write(account)
  return account
}

export type Session = { token: string; isNew: boolean }

async function logIn(api: Api, account: Account): Promise<string | null> {
  const { email, password } = account
  const answer = await api.send('POST', 'auth/login/', { email, password })
  if (answer.status === 400) return null
  if (answer.status !== 200) throw new Error(`Logging in was answered ${answer.status}.`)
  return (answer.body as { key: string }).key
}

/** Null when the account exists but its password is no longer the stored one. */
export async function openSession(api: Api, account: Account): Promise<Session | null> {
  const token = await logIn(api, account)
  if (token !== null) return { token, isNew: false }
  const { email, password } = account
  const person = { email, password, first_name: 'Demo', last_name: 'Admin' }
  const registered = await api.send('POST', 'auth/users/', person)
  if (registered.status !== 201) return null
  const first = await logIn(api, account)
  return first === null ? null : { token: first, isNew: true }
}
