/** The bindings that tests see: the Worker's own and the migrations to apply. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('../../src/index.ts')
  }
  interface Env extends Omit<import('../../src/env.ts').Env, never> {
    MIGRATIONS: import('@cloudflare/vitest-plugin').D1Migration[]
  }
}
