/**
 * `npm run deploy`: puts the Worker on the Cloudflare account one is logged in to, and makes there
 * what is missing. Writes no account id into any file and never replaces an existing secret.
 */
import { commitOf } from './commit.ts'
import {
  applyMigrations,
  checkLogin,
  checkNamespace,
  configuredNames,
  dryRun,
  ensureDatabase,
  ensureQueue,
  isFailed,
  type Names,
  type Step,
  secretState,
  upload,
} from './deploy-steps.ts'
import { deployOptions } from './options.ts'

const announce = <T>(text: string, step: () => Step<T>): Step<T> => {
  console.log(text)
  return step()
}

async function prepare({ database, queues }: Names): Step<null> {
  const steps = [
    () => announce('Checking the login ...', checkLogin),
    () => announce(`Database ${database} ...`, () => ensureDatabase(database)),
    ...queues.map((name) => () => announce(`Queue ${name} ...`, () => ensureQueue(name))),
    () => announce('Migrations ...', applyMigrations),
  ]
  for (const step of steps) {
    const done = await step()
    if (isFailed(done)) return done
  }
  return null
}

async function deploy(commit: string): Step<null> {
  const names = configuredNames()
  const prepared = await prepare(names)
  if (isFailed(prepared)) return prepared
  const secret = await announce('Secret BURGEE_SECRET ...', () => secretState('BURGEE_SECRET'))
  if (isFailed(secret)) return secret
  const clear = secret === 'new' ? await checkNamespace(names.namespace) : null
  if (isFailed(clear)) return clear
  return announce('Worker ...', () => upload({ commit, withSecret: secret !== 'set' }))
}

async function main(args: string[]): Promise<number> {
  const options = deployOptions(args)
  if ('refused' in options) {
    console[options.code === 0 ? 'log' : 'error'](options.refused)
    return options.code
  }
  const commit = await commitOf()
  const done = options.dryRun ? await dryRun(commit) : await deploy(commit)
  if (isFailed(done)) {
    console.error(`\n${done.failed}\n`)
    return 1
  }
  console.log(options.dryRun ? '\nReady to deploy.' : '\nDeployed.')
  return 0
}

process.exit(await main(process.argv.slice(2)))
