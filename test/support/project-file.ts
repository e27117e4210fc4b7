/** A project with something of everything, and the ways in and out of its file. */
import { exports } from 'cloudflare:workers'
import { done, type Place, type World } from './admin.ts'

type Id = { id: number }

export const request = (method: string, path: string, init: { auth: string; body?: string }) =>
  exports.default.fetch(
    new Request(`http://localhost/api/v1/${path}`, {
      method,
      headers: { Authorization: init.auth, 'Content-Type': 'application/json' },
      ...(init.body === undefined ? {} : { body: init.body }),
    }),
  )

export const exportText = async (of: World, projectId: number) =>
  (await request('GET', `projects/${projectId}/export/`, { auth: of.auth })).text()

export const importInto = (into: World, body: unknown, query = '') =>
  into.api<Id & { name: string }>(
    'POST',
    `organisations/${into.organisation.id}/import/${query}`,
    body,
  )

/** A project with something of everything. */
export async function furnish(world: World, place: Place): Promise<void> {
  const { api } = world
  const project = place.project.id
  const own = `projects/${project}`
  await done(
    api('PATCH', `${own}/`, { feature_name_regex: '[a-z_.-]+', max_features_allowed: 900 }),
  )
  const tag = await done(
    api<Id>('POST', `${own}/tags/`, { label: 'billing "x"', color: '#ff0000' }),
  )
  const plain = await done(
    api<Id>('POST', `${own}/features/`, {
      name: 'plain',
      description: 'ä "quoted" \\ text',
      initial_value: '007',
      default_enabled: true,
      tags: [tag.id],
    }),
  )
  const many = await done(
    api<Id & { multivariate_options: Id[] }>('POST', `${own}/features/`, {
      name: 'many',
      is_server_key_only: true,
      multivariate_options: [
        { type: 'unicode', string_value: 'red', default_percentage_allocation: 30, key: 'r' },
        { type: 'int', integer_value: 7, default_percentage_allocation: 12.5 },
        { type: 'bool', boolean_value: false, default_percentage_allocation: 0 },
      ],
    }),
  )
  await done(api('PATCH', `${own}/features/${plain.id}/`, { is_archived: true }))
  const rules = [
    {
      type: 'ALL',
      note: 'kept',
      rules: [
        {
          type: 'ANY',
          conditions: [
            { operator: 'EQUAL', property: 'plan', value: 'gold', description: 'why' },
            { operator: 'IS_SET', property: 'x', value: null },
          ],
        },
      ],
      conditions: [],
    },
  ]
  const segment = await done(
    api<Id>('POST', `${own}/segments/`, { name: 'Gold', description: null, rules }),
  )
  const specific = await done(
    api<Id>('POST', `${own}/segments/`, { name: 'Gold', rules, feature: many.id }),
  )
  await done(
    api('POST', 'environments/', {
      name: 'Staging',
      project,
      banner_text: 'careful',
      banner_colour: '#abcdef',
      hide_disabled_flags: true,
      allow_client_traits: false,
    }),
  )
  const { api_key: key } = place.environment
  for (const [index, [feature, id]] of [
    [plain.id, segment.id],
    [many.id, specific.id],
    [many.id, segment.id],
  ].entries()) {
    await done(
      api('POST', `environments/${key}/features/${feature}/create-segment-override/`, {
        enabled: true,
        feature_state_value: { type: 'int', integer_value: index },
        feature_segment: { segment: id, priority: index * 5 },
        ...(feature === many.id && {
          multivariate_feature_state_values: [
            {
              multivariate_feature_option: many.multivariate_options[0]?.id,
              percentage_allocation: 33.3,
            },
          ],
        }),
      }),
    )
  }
  await exports.default.fetch(
    new Request('http://localhost/api/v1/identities/?identifier=ada%40example.com', {
      headers: { 'X-Environment-Key': key },
    }),
  )
  await done(
    api('POST', 'features/featurestates/', {
      feature: plain.id,
      environment: place.environment.id,
      identifier: 'ada@example.com',
      enabled: false,
      feature_state_value: { type: 'unicode', string_value: 'for Ada' },
    }),
  )
}
