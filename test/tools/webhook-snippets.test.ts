/** The snippets of src/WEBHOOKS.md, taken from the page and run as they stand, all on the same cases. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { asymmetricCases, cases, legacyCases } from './webhook-cases.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'src/WEBHOOKS.md'), 'utf8')

/** The code under a heading. */
const snippet = (heading: string): string =>
  /```\w+\n([\s\S]*?)```/.exec(page.split(`### ${heading}\n`)[1] ?? '')?.[1] ?? ''

const input = JSON.stringify({ cases, legacyCases, asymmetricCases })

type Run = { program: string; args: string[]; env?: Record<string, string> }
type Verdicts = { standard: boolean[]; legacy: boolean[]; asymmetric?: boolean[] }

/** Starting a compiler takes its time on a busy machine. */
const patience = 120_000

function judge({ program, args, env = {} }: Run): Verdicts {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    input,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: patience,
  })
  if (status !== 0) throw new Error(`${program} failed: ${error ?? stderr}`)
  return JSON.parse(stdout) as Verdicts
}

const expected: Verdicts = {
  standard: cases.map(({ fits }) => fits),
  legacy: legacyCases.map(({ fits }) => fits),
}

/** By name, so that a failure says which case it is. */
const named = ({ standard, legacy }: Verdicts) => ({
  standard: cases.map(({ name }, index) => `${name}: ${standard[index]}`),
  legacy: legacyCases.map(({ name }, index) => `${name}: ${legacy[index]}`),
})

const expectAgreement = (verdicts: Verdicts) => expect(named(verdicts)).toEqual(named(expected))

const node = (code: string): Run => ({
  program: process.execPath,
  args: ['--input-type=module', '-e', code],
})

const readCases = `
import { readFileSync } from 'node:fs'
const { cases, legacyCases, asymmetricCases } = JSON.parse(readFileSync(0, 'utf8'))
const at = (now) => { Date.now = () => now * 1000 }
`

const nodeWithPackage = `${snippet('Node, with the package `standardwebhooks`')}${readCases}
const standard = cases.map(({ secret, headers, body, now }) => {
  at(now)
  try {
    return JSON.stringify(verify(secret, headers, Buffer.from(body))) === JSON.stringify(JSON.parse(body))
  } catch {
    return false
  }
})
console.log(JSON.stringify({ standard, legacy: [] }))
`

const nodeAlone = `${snippet('Node, without any package')}${readCases}
const standard = cases.map(({ secret, headers, body, now }) => {
  at(now)
  return verify(secret, headers, Buffer.from(body))
})
const legacy = legacyCases.map((one) => verifyLegacy(one.secret, one.signature, Buffer.from(one.body)))
console.log(JSON.stringify({ standard, legacy }))
`

const nodeWithPublicKey = `${snippet('Node, with a public key')}${readCases}
const asymmetric = asymmetricCases.map(({ publicKey, headers, body, now }) => {
  at(now)
  return verify(publicKey, headers, Buffer.from(body))
})
console.log(JSON.stringify({ standard: [], legacy: [], asymmetric }))
`

const python = `${snippet('Python')}
import json
import sys

given = json.load(sys.stdin.buffer)
standard = []
for case in given["cases"]:
    time.time = lambda: case["now"]
    standard.append(verify(case["secret"], case["headers"], case["body"].encode()))
legacy = [
    verify_legacy(case["secret"], case["signature"], case["body"].encode())
    for case in given["legacyCases"]
]
print(json.dumps({"standard": standard, "legacy": legacy}))
`

/** How receivers of the original verify: key and message as they are, the digest in hex. */
const originalPython = `
import hashlib, hmac, json, sys

def told(secret, body):
    return hmac.new(bytes(secret, "utf8"), bytes(body, "utf8"), hashlib.sha256).hexdigest()

legacy = [
    hmac.compare_digest(told(case["secret"], case["body"]), case["signature"])
    for case in json.load(sys.stdin.buffer)["legacyCases"]
    if case["name"].startswith("golden")
]
print(json.dumps({"standard": [], "legacy": legacy}))
`

const goMain = `package main

import (
	"encoding/json"
	"os"
	"time"
)

func main() {
	var given struct {
		Cases []struct {
			Secret  string
			Headers map[string]string
			Body    string
			Now     int64
		}
		LegacyCases []struct{ Secret, Signature, Body string }
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	told := map[string][]bool{}
	for _, one := range given.Cases {
		header := func(name string) string { return one.Headers[name] }
		fits := Verify(one.Secret, header, []byte(one.Body), time.Unix(one.Now, 0))
		told["standard"] = append(told["standard"], fits)
	}
	for _, one := range given.LegacyCases {
		fits := VerifyLegacy(one.Secret, one.Signature, []byte(one.Body))
		told["legacy"] = append(told["legacy"], fits)
	}
	json.NewEncoder(os.Stdout).Encode(told)
}
`

function runGo(): Verdicts {
  const folder = mkdtempSync(join(tmpdir(), 'burgee-go-'))
  try {
    const files = { 'verify.go': snippet('Go'), 'main.go': goMain }
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code)
    return judge({
      program: 'go',
      args: ['run', ...Object.keys(files).map((name) => join(folder, name))],
      // Nothing is fetched, and no C compiler is asked for.
      env: { GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const isHere = (program: string, ...args: string[]) => spawnSync(program, args).status === 0
const lacks = { python3: !isHere('python3', '--version'), go: !isHere('go', 'version') }
/** In the name, for lists of tests, and in the log, where a skipped test is only a number. */
function unchecked(program: keyof typeof lacks): string {
  if (!lacks[program]) return ''
  // vitest keeps what tests log for those that fail.
  process.stderr.write(`NOT CHECKED: src/WEBHOOKS.md: this machine has no ${program}.\n`)
  return ` (NOT CHECKED: there is no ${program} on this machine)`
}

describe('the snippets for receivers tell right from wrong', { timeout: patience }, () => {
  test('in Node with the package standardwebhooks', () => {
    expectAgreement({ ...judge(node(nodeWithPackage)), legacy: expected.legacy })
  })

  test('in Node without any package', () => expectAgreement(judge(node(nodeAlone))))

  test('in Node with a public key', () => {
    const { asymmetric = [] } = judge(node(nodeWithPublicKey))
    const told = asymmetricCases.map(({ name }, index) => `${name}: ${asymmetric[index]}`)
    expect(told).toEqual(asymmetricCases.map(({ name, fits }) => `${name}: ${fits}`))
  })

  test.skipIf(lacks.python3)(`in Python${unchecked('python3')}`, () => {
    expectAgreement(judge({ program: 'python3', args: ['-c', python] }))
  })

  test.skipIf(lacks.go)(`in Go${unchecked('go')}`, () => expectAgreement(runGo()))
})

test.skipIf(lacks.python3)(
  `Python receivers of the original accept the golden vectors${unchecked('python3')}`,
  () => {
    const { legacy } = judge({ program: 'python3', args: ['-c', originalPython] })
    expect(legacy).toEqual([true, true, true])
  },
)
