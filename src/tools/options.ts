/** Reads the command lines of the tools. Answers with options or with a text to show; never exits. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** `code` is the exit code that goes with the text: 0 for help that was asked for, 2 for a mistake. */
export type Refused = { refused: string; code: 0 | 2 }

export type StartOptions = { port: number; persistTo: string }
export type DeployOptions = { dryRun: boolean }
export type ListenOptions = {
  port: number
  secret: string | undefined
  publicKey: string | undefined
  status: number
  showsBody: boolean
}

export const startUsage = `Usage: npm start -- [--port N] [--persist-to DIR]

  --port N          port on 127.0.0.1 (default 8787; 0 takes any free one)
  --persist-to DIR  folder that keeps the data and the keys (default .burgee)
  --help            this text`

export const deployUsage = `Usage: npm run deploy -- [--dry-run]

  --dry-run  build and check only; needs no Cloudflare account and changes nothing
  --help     this text`

export const listenUsage = `Usage: npm run webhook:listen -- [--port N] [--secret TEXT] [--public-key KEY]
                                 [--status CODE] [--body]

  --port N          port on 127.0.0.1 (default: any free one)
  --secret TEXT     the webhook's secret
  --public-key KEY  its public key, whpk_…; without one of the two no signature is checked
  --status CODE     what every request is answered, 200 to 599 (default 200; 503 shows retries)
  --body            prints bodies, too
  --help            this text`

type Values = Record<string, string | boolean | undefined>

function read(
  args: string[],
  usage: string,
  options: ParseArgsOptionsConfig,
): { values: Values } | Refused {
  try {
    const all: ParseArgsOptionsConfig = { ...options, help: { type: 'boolean', short: 'h' } }
    const { values } = parseArgs({ args, options: all, allowPositionals: false })
    return values.help === true ? { refused: usage, code: 0 } : { values: values as Values }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { refused: `${message}\n\n${usage}`, code: 2 }
  }
}

/** Null for what is no port, so that `--port 80a` is not taken for 80. */
function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= 65_535 ? port : null
}

const badPort = (given: string, usage: string): Refused => ({
  refused: `--port wants a number from 0 to 65535, not '${given}'.\n\n${usage}`,
  code: 2,
})

export function startOptions(args: string[]): StartOptions | Refused {
  const parsed = read(args, startUsage, {
    port: { type: 'string' },
    'persist-to': { type: 'string' },
  })
  if ('refused' in parsed) return parsed
  const given = String(parsed.values.port ?? '8787')
  const port = portOf(given)
  if (port === null) return badPort(given, startUsage)
  const persistTo = String(parsed.values['persist-to'] ?? '.burgee')
  if (persistTo === '') {
    return { refused: `--persist-to wants the path of a folder.\n\n${startUsage}`, code: 2 }
  }
  return { port, persistTo }
}

export function deployOptions(args: string[]): DeployOptions | Refused {
  const parsed = read(args, deployUsage, { 'dry-run': { type: 'boolean' } })
  if ('refused' in parsed) return parsed
  return { dryRun: parsed.values['dry-run'] === true }
}

export function listenOptions(args: string[]): ListenOptions | Refused {
  const parsed = read(args, listenUsage, {
    port: { type: 'string', default: '0' },
    secret: { type: 'string' },
    'public-key': { type: 'string' },
    status: { type: 'string', default: '200' },
    body: { type: 'boolean', default: false },
  })
  if ('refused' in parsed) return parsed
  const { secret, 'public-key': publicKey } = parsed.values
  const given = String(parsed.values.port)
  const status = String(parsed.values.status)
  const port = portOf(given)
  if (port === null) return badPort(given, listenUsage)
  if (!/^[2-5]\d\d$/.test(status)) {
    const refused = `--status wants a number from 200 to 599, not '${status}'.\n\n${listenUsage}`
    return { refused, code: 2 }
  }
  if (secret === '') return { refused: `--secret wants a text.\n\n${listenUsage}`, code: 2 }
  if (publicKey !== undefined && !/^whpk_[A-Za-z0-9+/]{43}=$/.test(String(publicKey))) {
    const refused = `--public-key wants whpk_ and 44 characters, as the API shows it.\n\n${listenUsage}`
    return { refused, code: 2 }
  }
  return {
    port,
    secret: secret === undefined ? undefined : String(secret),
    publicKey: publicKey === undefined ? undefined : String(publicKey),
    status: Number(status),
    showsBody: parsed.values.body === true,
  }
}
