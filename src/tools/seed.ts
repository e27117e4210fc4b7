/**
 * Gives a new server its demo organisation, through the public API. Looks each thing up by name
 * before it creates it, so that an interrupted seed goes on where it stopped and doubles nothing.
 */
import { type Api, createApi, list } from './api.ts'
import { accountOf, openSession } from './demo-account.ts'
import {
  type DemoFeature,
  demoFeatures,
  environmentNames,
  type FlagState,
  keyName,
  organisationName,
  projectName,
} from './demo-content.ts'
import { untilServed } from './demo-served.ts'
import type { Demo, StateFolder } from './state-folder.ts'

type Named = { id: number; name: string }
type Environment = Named & { api_key: string }
type OrganisationKey = { name: string; prefix: string; key: string | null }
type ServerKey = { name: string; key: string }
type State = FlagState & { id: number }

async function findOrCreate<T extends { name: string }>(
  api: Api,
  { found, create, body }: { found: string; create: string; body: { name: string } },
): Promise<T> {
  const existing = (await list<T>(api, found)).find((item) => item.name === body.name)
  return existing ?? (await api.call<T>('POST', create, body))
}

/** The key is shown once. One whose creation was cut off is unknown for good, and goes. */
async function organisationKey(
  api: Api,
  organisation: Named,
  folder: StateFolder,
): Promise<string> {
  const account = accountOf(folder)
  if (account.organisation_api_key !== null) return account.organisation_api_key
  const path = `organisations/${organisation.id}/master-api-keys/`
  for (const lost of await list<OrganisationKey>(api, path)) {
    if (lost.name === keyName) await api.call('DELETE', `${path}${lost.prefix}/`)
  }
  const created = await api.call<{ key: string }>('POST', path, { name: keyName })
  folder.account.write({ ...account, organisation_api_key: created.key })
  return created.key
}

async function environment(api: Api, project: Named, name: string) {
  const found = await findOrCreate<Environment>(api, {
    found: `environments/?project=${project.id}`,
    create: 'environments/',
    body: { name, project: project.id } as { name: string },
  })
  const path = `environments/${found.api_key}/api-keys/`
  const body = { name: keyName }
  const server = await findOrCreate<ServerKey>(api, { found: path, create: path, body })
  return { name, id: found.id, client_key: found.api_key, server_key: server.key }
}

/** Writes only a difference: a repeated seed leaves no second entry in the audit log. */
async function setState(
  api: Api,
  environmentKey: string,
  { feature, wanted }: { feature: Named; wanted: FlagState },
): Promise<void> {
  const path = `environments/${environmentKey}/featurestates/`
  const [state] = await list<State>(api, `${path}?feature=${feature.id}`)
  if (state === undefined) throw new Error(`${feature.name} has no state in ${environmentKey}.`)
  const same =
    state.enabled === wanted.enabled && state.feature_state_value === wanted.feature_state_value
  if (!same) await api.call('PUT', `${path}${state.id}/`, wanted)
}

async function seedFeature(
  api: Api,
  { project, demo, production }: { project: Named; demo: DemoFeature; production: string },
): Promise<void> {
  const path = `projects/${project.id}/features/`
  const body = demo.feature
  const feature = await findOrCreate<Named>(api, { found: path, create: path, body })
  await setState(api, production, { feature, wanted: demo.production })
}

type SeedOptions = { url: string; folder: StateFolder; signal: AbortSignal }

async function seedAll(api: Api, token: string, { url, folder }: SeedOptions): Promise<Demo> {
  const organisation = await findOrCreate<Named>(api, {
    found: 'organisations/',
    create: 'organisations/',
    body: { name: organisationName },
  })
  const organisation_api_key = await organisationKey(api, organisation, folder)
  const project = await findOrCreate<Named>(api, {
    found: `projects/?organisation=${organisation.id}`,
    create: 'projects/',
    body: { name: projectName, organisation: organisation.id } as { name: string },
  })
  const environments: Demo['environments'] = []
  for (const name of environmentNames) environments.push(await environment(api, project, name))
  const production = environments.at(-1)?.client_key ?? ''
  for (const demo of demoFeatures) await seedFeature(api, { project, demo, production })
  const { email, password } = accountOf(folder)
  return {
    url,
    email,
    password,
    token,
    organisation_id: organisation.id,
    organisation_api_key,
    project_id: project.id,
    environments,
  }
}

async function accepts({ url, signal }: SeedOptions, token: string): Promise<boolean> {
  const api = createApi({ url, authorization: `Token ${token}`, signal })
  return (await api.send('GET', 'organisations/')).status === 200
}

/** The demo's facts, from the file when it is there; what is missing behind them is made first. */
export async function seed(options: SeedOptions): Promise<Demo> {
  const { url, folder, signal } = options
  const written = folder.demo.read()
  if (written !== null && (await accepts(options, written.token))) return { ...written, url }
  const account = accountOf(folder)
  const session = await openSession(createApi({ url, signal }), account)
  if (session === null && written !== null) return { ...written, url }
  if (session === null) throw new Error(`${account.email} exists, but with another password.`)
  if (written !== null && !session.isNew) return { ...written, url, token: session.token }
  // A new account beside old facts means that the data was removed: the key went with it.
  if (session.isNew) folder.account.write({ ...account, organisation_api_key: null })
  const api = createApi({ url, authorization: `Token ${session.token}`, signal })
  return untilServed(await seedAll(api, session.token, options), signal)
}
