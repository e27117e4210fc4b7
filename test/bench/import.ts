/** A project of 1,000 features as one file: how long it takes to come over, whole, and to go out. */
import { startChild } from './child.ts'
import { pinning } from './cores.ts'
import { startWorld } from './lists-world.ts'
import { figure, printTable } from './report.ts'
import type { ServerAnswer, ServerQuestion } from './server.ts'
import { median } from './statistics.ts'

const features = 1_000
const environmentCounts = [1, 5, 20]
const rounds = 5

function fileOf(environments: number) {
  const names = Array.from({ length: features }, (_, index) => `feature_${index}`)
  const states = names.map((feature, index) => ({
    feature,
    enabled: index % 2 === 0,
    feature_state_value: `value ${index}`,
    shares: [],
  }))
  return {
    format: 'burgee-project/1',
    project: {
      name: 'Shop',
      hide_disabled_flags: false,
      prevent_flag_defaults: false,
      enable_realtime_updates: false,
      only_allow_lower_case_feature_names: true,
      feature_name_regex: null,
      stale_flags_limit_days: 30,
      enforce_feature_owners: false,
      max_features_allowed: features,
      max_segments_allowed: 500,
      max_segment_overrides_allowed: 2000,
      max_segment_conditions_allowed: 100,
      max_feature_value_bytes: 20000,
    },
    tags: [],
    features: names.map((name) => ({
      name,
      type: 'STANDARD',
      description: null,
      initial_value: null,
      default_enabled: false,
      is_archived: false,
      is_server_key_only: false,
      tags: [],
      multivariate_options: [],
    })),
    segments: [],
    environments: Array.from({ length: environments }, (_, index) => ({
      name: `Environment ${index}`,
      description: null,
      allow_client_traits: true,
      banner_text: null,
      banner_colour: null,
      hide_disabled_flags: null,
      hide_sensitive_data: false,
      use_identity_composite_key_for_hashing: true,
      use_identity_overrides_in_local_eval: true,
      feature_states: states,
      segment_overrides: [],
      identity_overrides: [],
    })),
  }
}

export async function benchImport(): Promise<void> {
  const server = startChild<ServerQuestion, ServerAnswer>('server', 'server.ts')
  try {
    const { origin, headers, organisation } = await startWorld(server)
    const timed = async <T>(path: string, body?: string): Promise<{ ms: number; answer: T }> => {
      const since = performance.now()
      const response = await fetch(`${origin}/${path}`, {
        headers: { ...headers, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body }),
      })
      const answer = (await response.json()) as T
      if (!response.ok) throw new Error(`${path} answered ${JSON.stringify(answer).slice(0, 500)}`)
      return { ms: performance.now() - since, answer }
    }
    const rows: string[][] = []
    for (const count of environmentCounts) {
      const body = JSON.stringify(fileOf(count))
      const imports: number[] = []
      const outs: number[] = []
      for (let round = 0; round < rounds; round++) {
        const path = `organisations/${organisation}/import/?name=${count}-${round}`
        const { ms, answer } = await timed<{ id: number }>(path, body)
        imports.push(ms)
        outs.push((await timed(`projects/${answer.id}/export/`)).ms)
      }
      rows.push([
        `${figure(features)} features × ${count} environments`,
        figure(Buffer.byteLength(body)),
        figure(median(imports)),
        figure(Math.max(...imports)),
        figure((features * count) / (median(imports) / 1_000)),
        figure(median(outs)),
      ])
    }
    printTable('POST organisations/…/import/, then GET projects/…/export/', [
      ['', 'bytes', 'import ms', 'slowest', 'states/s', 'export ms'],
      ...rows,
    ])
    console.log(`
  One workerd, ${pinning}. Medians of ${rounds}. Every import is one change: one batch, an audit entry
  for each feature and each state, and all its environments published before the answer.`)
  } finally {
    await server.stop()
  }
}
