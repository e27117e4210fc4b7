/** The webhook endpoints of the run, as they are registered. Two hear of the same environment. */

export const endpoints = {
  organisation: { format: 'standard', ordered: true },
  environment: { format: 'flagsmith', ordered: true },
  unordered: { format: 'flagsmith', ordered: false },
} as const

export type Endpoint = keyof typeof endpoints

export const endpointNames = Object.keys(endpoints) as Endpoint[]

export const forEachEndpoint = <T>(make: (endpoint: Endpoint) => T) =>
  Object.fromEntries(endpointNames.map((name) => [name, make(name)])) as Record<Endpoint, T>
