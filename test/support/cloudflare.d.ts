/** The bindings that tests see: the Worker's own and the migrations to apply. */
declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import('../../src/index.ts')
  }
  interface Env extends Omit<import('../../src/env.ts').Env, never> {
    MIGRATIONS: import('@cloudflare/vitest-plugin').D1Migration[]
  }
}

/** Vite's way to import every file of a pattern. */
interface ImportMeta {
  glob(pattern: string, options: { eager: true }): Record<string, Record<string, unknown>>
}
