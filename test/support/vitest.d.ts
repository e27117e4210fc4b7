import 'vitest'

/** What the zoo tells the tests of itself. */
declare module 'vitest' {
  interface ProvidedContext {
    zooPort: number
    closedPort: number
  }
}
