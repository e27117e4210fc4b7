/** Waits until SDKs read what was seeded. Reads as an SDK does; changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { demoFeatures, type FlagState } from './demo-content.ts'
import type { Demo } from './state-folder.ts'

type Served = FlagState & { feature: { name: string } }

/** Whether SDKs read the seed already: publishing follows a change, at most once a second. */
async function isServed(url: string, environments: Demo['environments']): Promise<boolean> {
  const read = async (key: string) => {
    const headers = { 'X-Environment-Key': key }
    const response = await fetch(`${url}/api/v1/flags/`, { headers })
    return response.ok ? ((await response.json()) as Served[]) : []
  }
  const keys = environments.flatMap(({ client_key, server_key }) => [client_key, server_key])
  const answers = await Promise.all(keys.map(read))
  const production = answers.at(-1) ?? []
  return (
    answers.every((flags) => flags.length === demoFeatures.length) &&
    demoFeatures.every(({ feature, production: wanted }) => {
      const flag = production.find((one) => one.feature.name === feature.name)
      return flag?.feature_state_value === wanted.feature_state_value
    })
  )
}

const servedMs = 15_000

/** What is printed must work at once. If it takes too long, the log says why better than we could. */
export async function untilServed(demo: Demo, signal: AbortSignal): Promise<Demo> {
  const end = Date.now() + servedMs
  while (!signal.aborted && Date.now() < end && !(await isServed(demo.url, demo.environments))) {
    await sleep(200)
  }
  return demo
}
