/**
 * Structured logs: one JSON object a line, an event name and plain facts. Callers pass ids, counts
 * and error texts; never bodies, headers, keys or tokens.
 */
type Facts = Record<string, string | number | boolean | null>

const write = (level: 'info' | 'error', event: string, facts: Facts) =>
  console[level](JSON.stringify({ level, event, time: new Date().toISOString(), ...facts }))

export const logInfo = (event: string, facts: Facts = {}): void => write('info', event, facts)
export const logError = (event: string, facts: Facts = {}): void => write('error', event, facts)

/** A line of its own kind, for those who take it from the log as it is. */
export const logLine = (line: string): void => console.log(line)

/** The innermost reason. The query builder's own text would bring bound values into the log. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : String(error)
