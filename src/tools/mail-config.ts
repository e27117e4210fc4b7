/**
 * Wrangler's configuration with the binding that sends mail. wrangler.toml itself goes without it, because
 * a deployment must not fail on an account that has no Email Sending. Touches nothing in the project.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './wrangler.ts'

/** Whether the operator named an address that mail comes from. */
export const namesSender = (config: string): boolean => /^MAIL_FROM = "[^"]+"/m.test(config)

/** Paths of a configuration count from where it lies, and this one lies elsewhere. */
export function withMail(config: string): string {
  const rooted = config.replace(
    /^(main|migrations_dir) = "(.+)"$/gm,
    (_, name: string, path: string) => `${name} = ${JSON.stringify(join(root, path))}`,
  )
  return `${rooted}\n[[send_email]]\nname = "EMAIL"\n`
}

export const configuration = () => readFileSync(join(root, 'wrangler.toml'), 'utf8')

/** The arguments that make wrangler read a copy with mail, which is written into `folder`. */
export function mailArguments(folder: string): string[] {
  const file = join(folder, 'wrangler.toml')
  writeFileSync(file, withMail(configuration()), { mode: 0o600 })
  return ['--config', file]
}
