import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig, type UserWorkspaceConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

/** Plain Node: what needs no Workers runtime, because starting one takes longer than most tests. */
const unit = [
  'test/engine/**/*.test.ts',
  'test/house/tree.test.ts',
  'test/tools/**/*.test.ts',
  'test/chaos/*.test.ts',
  'test/admin/audit-changes.test.ts',
  'test/auth/{limit,password-rules}.test.ts',
  'test/delivery/{body,breaker,disabled-mail,flipt-event,recipients,schedule,signing,verdict}.test.ts',
  'test/domain/{attempt-limit,features-name,flag-event,flag-order,initial-value,multivariate-options,permissions,priorities,reach,reversal,segment-rules,snapshot}.test.ts',
  'test/http/fields.test.ts',
  'test/ledger/{line,personal,rounds,sha256,tree}.test.ts',
  'test/sdk/{conditional,contract-engine,flag-view,gotchas-engine,identity-memo,python-text}.test.ts',
]
/**
 * What sends webhooks has a runtime for each file: an attempt that is under way when a file ends must
 * not meet the rows of the next one. All others share one, which is emptied between them.
 */
const alone = [
  'test/{delivery,ledger}/**/*.test.ts',
  'test/admin/{deliveries,webhook}*.test.ts',
  'test/http/canaries.test.ts',
]
/** Real servers over HTTP, started by the tests themselves. */
const endToEnd = ['test/e2e/**/*.test.ts']

// Wrangler asks for the required secret; tests have one of their own, whatever the machine has.
process.env.BURGEE_SECRET = 'dGVzdCBzZWNyZXQgb2YgdGhlIHRlc3Qgc3VpdGUgISE='

type Files = { include: string[]; exclude: string[]; isolate: boolean }

const workerd = (name: string, files: Files): UserWorkspaceConfig => ({
  plugins: [
    cloudflareTest(async () => ({
      main: './src/index.ts',
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        email: { send_email: [{ name: 'EMAIL' }] },
        bindings: {
          ALLOW_PRIVATE_WEBHOOKS: 'true',
          MAIL_FROM: 'burgee@example.com',
          MIGRATIONS: await readD1Migrations('migrations'),
        },
      },
    })),
  ],
  test: {
    name,
    ...files,
    // Machines are shared and slow at times; a test that hangs is found all the same.
    testTimeout: 20_000,
    setupFiles: ['test/support/worker-setup.ts'],
    globalSetup: ['test/support/zoo.ts'],
  },
})

export default defineConfig({
  test: {
    silent: 'passed-only',
    // Test files mostly wait: for a runtime to start, for an alarm, for a queue.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: unit } },
      workerd('workerd', {
        include: ['test/**/*.test.ts'],
        exclude: [...unit, ...alone, ...endToEnd, 'test/bench/**', 'test/chaos/**'],
        isolate: false,
      }),
      workerd('workerd-alone', { include: alone, exclude: unit, isolate: true }),
      { test: { name: 'e2e', include: endToEnd, testTimeout: 60_000, hookTimeout: 120_000 } },
    ],
  },
})
