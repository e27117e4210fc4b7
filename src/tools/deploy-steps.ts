/**
 * The steps of a deployment, each safe to repeat. The schema is in place before the code that needs
 * it serves a request, on the first deployment and on every later one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configuration, mailArguments, namesSender } from './mail-config.ts'
import { randomBase64 } from './state-folder.ts'
import { type Finished, remoteEnv, runWrangler } from './wrangler.ts'

/** What went wrong, in words for the one who deploys. */
export type Failed = { failed: string }
export type Step<T> = Promise<T | Failed>

export const isFailed = <T>(value: T | Failed): value is Failed =>
  typeof value === 'object' && value !== null && 'failed' in value

const captured = (...args: string[]) => runWrangler(args, { env: remoteEnv(), show: false })
const shown = (...args: string[]) => runWrangler(args, { env: remoteEnv(), show: true })

const said = ({ stdout, stderr }: Finished) => `${stdout}\n${stderr}`.trim()

const notLoggedIn = `Not logged in to Cloudflare. Either log in once (a browser opens):

  npx wrangler login

or set CLOUDFLARE_API_TOKEN, and CLOUDFLARE_ACCOUNT_ID if the token reaches several accounts.
Then run \`npm run deploy\` again.`

/** A token is not looked at here: a narrow one may deploy without being allowed to ask who it is. */
export async function checkLogin(): Step<null> {
  if (process.env.CLOUDFLARE_API_TOKEN !== undefined) return null
  const { code } = await captured('whoami', '--json')
  return code === 0 ? null : { failed: notLoggedIn }
}

/** The names that the configuration gives to what the Worker is bound to. */
export type Names = { database: string; queues: string[]; namespace: string }

export function namesIn(config: string): Names {
  const first = (pattern: RegExp) => pattern.exec(config)?.[1] ?? ''
  const queues = [...config.matchAll(/^(?:queue|dead_letter_queue) = "(.+)"$/gm)]
  const namespace = first(/^\[\[kv_namespaces\]\]\nbinding = "(.+)"$/m)
  return {
    database: first(/^database_name = "(.+)"$/m),
    queues: [...new Set(queues.map((match) => match[1] ?? ''))],
    // The name by which wrangler makes it.
    namespace: `${first(/^name = "(.+)"$/m)}-${namespace.toLowerCase().replaceAll('_', '-')}`,
  }
}

export const configuredNames = () => namesIn(configuration())

export async function ensureDatabase(name: string): Step<null> {
  const listed = await captured('d1', 'list', '--json')
  if (listed.code !== 0) return { failed: said(listed) }
  const databases = JSON.parse(listed.stdout) as { name: string }[]
  if (databases.some((database) => database.name === name)) return null
  const created = await captured('d1', 'create', name)
  return created.code === 0 ? null : { failed: said(created) }
}

const exists = /already (exists|taken)|\b11009\b/i

/** Wrangler makes the queues one sends to, but not those that only a consumer names. */
export async function ensureQueue(name: string): Step<null> {
  const created = await captured('queues', 'create', name)
  return created.code === 0 || exists.test(said(created)) ? null : { failed: said(created) }
}

export async function applyMigrations(): Step<null> {
  const { code } = await shown('d1', 'migrations', 'apply', 'DB', '--remote')
  return code === 0
    ? null
    : { failed: 'The migrations could not be applied; nothing was deployed.' }
}

/** `new`: there is no Worker of this name yet, and so no secret either. */
export type SecretState = 'set' | 'unset' | 'new'

/** In doubt this fails: a second secret would make all that the first one sealed unreadable. */
export async function secretState(name: string): Step<SecretState> {
  const listed = await captured('secret', 'list', '--format', 'json')
  if (listed.code === 0) {
    const secrets = JSON.parse(listed.stdout) as { name: string }[]
    return secrets.some((secret) => secret.name === name) ? 'set' : 'unset'
  }
  return /Worker ".+".* not found/.test(said(listed)) ? 'new' : { failed: said(listed) }
}

/**
 * Wrangler makes the KV namespace with the first upload, and fails on one that an upload before left
 * behind when it was cut off. What it holds is only a copy; still, removing it is the owner's call.
 */
export async function checkNamespace(name: string): Step<null> {
  const listed = await captured('kv', 'namespace', 'list')
  if (listed.code !== 0) return { failed: said(listed) }
  const namespaces = JSON.parse(listed.stdout) as { id: string; title: string }[]
  const left = namespaces.find((namespace) => namespace.title === name)
  if (left === undefined) return null
  return {
    failed: `The KV namespace ${name} exists, but no Worker uses it: a first deployment was cut off.
It holds copies only. Remove it, then run \`npm run deploy\` again:

  npx wrangler kv namespace delete --namespace-id ${left.id}`,
  }
}

/** `args`: what wrangler is told, given a folder for files of its own. */
async function runDeploy(args: (folder: string) => string[]): Promise<number | null> {
  const folder = mkdtempSync(join(tmpdir(), 'burgee-deploy-'))
  try {
    const mail = namesSender(configuration()) ? mailArguments(folder) : []
    return (await shown('deploy', ...mail, ...args(folder))).code
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function secretArguments(folder: string): string[] {
  const secretFile = join(folder, 'secret.env')
  writeFileSync(secretFile, `BURGEE_SECRET=${randomBase64(32)}\n`, { mode: 0o600 })
  return ['--secrets-file', secretFile]
}

export async function upload(options: { commit: string; withSecret: boolean }): Step<null> {
  const code = await runDeploy((folder) => [
    ...['--var', `COMMIT:${options.commit}`],
    ...(options.withSecret ? secretArguments(folder) : []),
  ])
  return code === 0 ? null : { failed: 'Wrangler could not deploy; it said why above.' }
}

export async function dryRun(commit: string): Step<null> {
  const code = await runDeploy(() => ['--dry-run', '--var', `COMMIT:${commit}`])
  return code === 0 ? null : { failed: 'The Worker does not build; wrangler said why above.' }
}
