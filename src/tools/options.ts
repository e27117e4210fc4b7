/** Reads the command lines of the tools. Answers with options or with a text to show; never exits. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** `code` is the exit code that goes with the text: 0 for help that was asked for, 2 for a mistake. */
export type Refused = { refused: string; code: 0 | 2 }

export type StartOptions = { port: number; persistTo: string }
export type DeployOptions = { dryRun: boolean }

export const startUsage = `Usage: npm start -- [--port N] [--persist-to DIR]

  --port N          port on 127.0.0.1 (default 8787; 0 takes any free one)
  --persist-to DIR  folder that keeps the data and the keys (default .burgee)
  --help            this text`

export const deployUsage = `Usage: npm run deploy -- [--dry-run]

  --dry-run  build and check only; needs no Cloudflare account and changes nothing
  --help     this text`

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

export function startOptions(args: string[]): StartOptions | Refused {
  const parsed = read(args, startUsage, {
    port: { type: 'string' },
    'persist-to': { type: 'string' },
  })
  if ('refused' in parsed) return parsed
  const given = String(parsed.values.port ?? '8787')
  const port = portOf(given)
  if (port === null) {
    return {
      refused: `--port wants a number from 0 to 65535, not '${given}'.\n\n${startUsage}`,
      code: 2,
    }
  }
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
