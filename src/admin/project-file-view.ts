/**
 * A project's file as it is sent and answered. Every field is written, and a file with any other is
 * refused: what a person added by hand must not be dropped in silence.
 */
import { z } from '@hono/zod-openapi'
import type { FileState, ProjectFile } from '../domain/project-file.ts'
import { bool, exactText, int, number, text } from '../http/fields.ts'
import { camelKeys, snakeKeys } from '../http/names.ts'
import { colour } from './environment-body.ts'
import { priority } from './feature-segment-view.ts'
import { optionFields } from './feature-view.ts'
import { maxValueBytes, projectFields } from './project-view.ts'
import { segmentBody } from './segment-view.ts'
import { color } from './tags.ts'

/** The shape's name and version; another one is refused. */
const format = 'burgee-project/1'

const position = int(0, 100_000)
const percentage = number(0, 100)
const description = exactText(20000).nullable()
const integer = int(-2147483648, 2147483647)

const tag = z.strictObject({
  label: text(100),
  color,
  description: exactText(512).nullable(),
  is_permanent: bool(),
})

const option = z.strictObject({
  type: z.enum(['unicode', 'int', 'bool']),
  string_value: exactText(maxValueBytes).nullable(),
  integer_value: integer.nullable(),
  boolean_value: bool().nullable(),
  key: optionFields.key.unwrap(),
  default_percentage_allocation: percentage,
})

const feature = z.strictObject({
  name: text(2000),
  type: z.enum(['STANDARD', 'MULTIVARIATE']),
  description,
  initial_value: exactText(maxValueBytes).nullable(),
  default_enabled: bool(),
  is_archived: bool(),
  is_server_key_only: bool(),
  tags: z.array(position).max(1000).openapi({ description: 'Positions in `tags`, from 0.' }),
  multivariate_options: z.array(option).max(100),
})

const segment = z.strictObject({
  name: text(2000),
  description,
  feature: text(2000).nullable().openapi({ description: 'The name of the one feature it serves.' }),
  rules: segmentBody.shape.rules,
})

const state = z.strictObject({
  feature: text(2000).openapi({ description: "The feature's name." }),
  enabled: bool(),
  feature_state_value: z.union([exactText(maxValueBytes), integer, z.boolean()]).nullable(),
  shares: z.array(z.strictObject({ option: position, percentage_allocation: percentage })).max(100),
})

const environment = z.strictObject({
  name: text(2000),
  description,
  allow_client_traits: bool(),
  banner_text: exactText(255).nullable(),
  banner_colour: colour,
  hide_disabled_flags: bool().nullable(),
  hide_sensitive_data: bool(),
  use_identity_composite_key_for_hashing: bool(),
  use_identity_overrides_in_local_eval: bool(),
  feature_states: z.array(state).max(10_000),
  segment_overrides: z.array(state.extend({ segment: position, priority: priority() })).max(20_000),
  identity_overrides: z.array(state.extend({ identifier: text(2000) })).max(20_000),
})

export const fileSchema = z
  .strictObject({
    format: z.literal(format),
    project: z.strictObject(projectFields),
    tags: z.array(tag).max(1000),
    features: z.array(feature).max(10_000),
    segments: z.array(segment).max(5_000),
    environments: z.array(environment).max(1_000),
  })
  .openapi('ProjectFile')

export type SentFile = z.infer<typeof fileSchema>

const stateView = ({ value, shares, ...rest }: FileState) => ({
  feature: rest.feature,
  enabled: rest.enabled,
  feature_state_value: value,
  shares: shares.map(snakeKeys),
})

/** Two files that say the same are the same bytes: the order of fields is fixed here. */
export const fileView = (file: ProjectFile): SentFile => ({
  format,
  project: snakeKeys(file.project),
  tags: file.tags.map(snakeKeys),
  features: file.features.map(({ options, tags, ...rest }) => ({
    ...snakeKeys(rest),
    tags,
    multivariate_options: options.map(snakeKeys),
  })),
  segments: file.segments.map((one) => ({
    ...one,
    rules: one.rules as SentFile['segments'][0]['rules'],
  })),
  environments: file.environments.map((one) => ({
    ...snakeKeys(one.settings),
    feature_states: one.states.map(stateView),
    segment_overrides: one.segmentOverrides.map(({ segment: at, priority, ...rest }) => ({
      ...stateView(rest),
      segment: at,
      priority,
    })),
    identity_overrides: one.identityOverrides.map(({ identifier, ...rest }) => ({
      ...stateView(rest),
      identifier,
    })),
  })),
})

type SentState = z.infer<typeof state>

const toState = ({ feature_state_value, shares, ...rest }: SentState): FileState => ({
  feature: rest.feature,
  enabled: rest.enabled,
  value: feature_state_value,
  shares: shares.map(camelKeys),
})

export const toFile = ({ format: _, ...sent }: SentFile): ProjectFile => ({
  project: camelKeys(sent.project),
  tags: sent.tags.map(camelKeys),
  features: sent.features.map(({ multivariate_options: options, ...rest }) => ({
    ...camelKeys(rest),
    // Options make a feature multivariate, whatever the file says (contract §B.5).
    type: options.length > 0 ? 'MULTIVARIATE' : rest.type,
    options: options.map(camelKeys),
  })),
  segments: sent.segments,
  environments: sent.environments.map(
    ({ feature_states, segment_overrides, identity_overrides, ...settings }) => ({
      settings: camelKeys(settings),
      states: feature_states.map(toState),
      segmentOverrides: segment_overrides.map(({ segment: at, priority, ...rest }) => ({
        ...toState(rest),
        segment: at,
        priority,
      })),
      identityOverrides: identity_overrides.map(({ identifier, ...rest }) => ({
        ...toState(rest),
        identifier,
      })),
    }),
  ),
})
