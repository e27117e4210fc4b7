/**
 * What people and their tools do with flags every day, done over HTTP: a project comes to be, and is
 * worked with. Half of it by a person with a browser, half with the organisation's key.
 */
import { type ListWorld, send } from './lists-world.ts'

type Named = { id: number }
type Environment = Named & { api_key: string }

const features = 40
const rounds = 6

const rules = (plan: string) => [
  {
    type: 'ALL',
    rules: [
      {
        type: 'ANY',
        rules: [],
        conditions: [{ operator: 'EQUAL', property: 'plan', value: plan }],
      },
    ],
    conditions: [],
  },
]

const values = (feature: number, round: number): (string | number | null)[] => [
  `Free delivery in week ${round}`,
  round * 10 + feature,
  null,
  JSON.stringify({ primary: '#0f766e', rounded: round % 2 === 0, columns: feature }),
]

/** Answers the environment that most of it happens in, with its flags' own states. */
export async function workInProject(
  world: ListWorld,
): Promise<{ environment: Environment; stateIds: number[] }> {
  let turn = 0
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const by = turn++ % 2 === 0 ? world.person : world.headers
    return send<T>({ ...world, headers: by }, { method, path, body })
  }
  const { organisation } = world
  const project = await ask<Named>('POST', 'projects/', { name: 'Web shop', organisation })
  const inProject = { project: project.id }
  await ask('POST', 'environments/', { name: 'Development', ...inProject })
  const environment = await ask<Environment>('POST', 'environments/', {
    name: 'Production',
    ...inProject,
  })
  const base = `environments/${environment.api_key}`
  const made: Named[] = []
  for (let feature = 0; feature < features; feature++) {
    const body = {
      name: `checkout_step_${feature}`,
      description: 'Which of the steps of the checkout is shown, and how.',
      initial_value: 'one page',
    }
    const path = `projects/${project.id}/features/`
    const one = await ask<Named>('POST', path, body)
    await ask('PUT', `${path}${one.id}/`, {
      description: `${body.description} Ask the shop team.`,
    })
    made.push(one)
  }
  const { results } = await ask<{ results: Named[] }>('GET', `${base}/featurestates/?page_size=999`)
  for (let round = 0; round < rounds; round++) {
    for (const [index, { id }] of results.entries()) {
      const value = values(index, round)[(index + round) % 4]
      const body = { enabled: round % 2 === 0, feature_state_value: value }
      await ask('PUT', `${base}/featurestates/${id}/`, body)
    }
  }
  for (let number = 0; number < 8; number++) {
    const feature = made[number]?.id
    const segments = `projects/${project.id}/segments/`
    const segment = await ask<Named>('POST', segments, {
      name: `Plan ${number}`,
      ...inProject,
      rules: rules('gold'),
    })
    await ask('PUT', `${segments}${segment.id}/`, {
      name: `Plan ${number}`,
      ...inProject,
      rules: rules('silver'),
    })
    await ask('POST', `${base}/features/${feature}/create-segment-override/`, {
      enabled: true,
      feature_state_value: { type: 'unicode', string_value: 'for this plan' },
      feature_segment: { segment: segment.id },
    })
    const identifier = `person-${number}@example.com`
    const identity = await ask<Named>('POST', `${base}/identities/`, { identifier })
    const traits = `${base}/identities/${identity.id}/traits/`
    const trait = await ask<Named>('POST', traits, { trait_key: 'plan', string_value: 'gold' })
    await ask('PUT', `${traits}${trait.id}/`, { string_value: 'silver' })
    await ask('POST', `${base}/identities/${identity.id}/featurestates/`, {
      feature,
      enabled: true,
      feature_state_value: 'for this person',
    })
  }
  return { environment, stateIds: results.map(({ id }) => id) }
}
