/** The events that the test of an endpoint sends (contract admin-api §C.8): of no real thing. Pure. */
import { eventBody } from './body.ts'

const project = { id: 1, name: 'Test Project' }
const environment = { id: 1, name: 'Development' }
const created = '2025-01-01T00:00:00.000000Z'

const flagState = (enabled: boolean) => ({
  enabled,
  environment,
  feature: {
    id: 1,
    name: 'test_feature',
    // No type of the contract's; receivers know the sample by it.
    type: 'CONFIG',
    description: 'A sample feature',
    initial_value: null,
    default_enabled: false,
    created_date: created,
    project,
  },
  feature_segment: null,
  feature_state_value: 'sample_value',
  identity: 1,
  identity_identifier: 'test_identity',
  multivariate_feature_state_values: [
    {
      id: 1,
      multivariate_feature_option: { id: 1, value: 'sample_variant' },
      percentage_allocation: 50,
    },
  ],
})

const flagUpdated = (timestamp: string) =>
  eventBody('FLAG_UPDATED', {
    changed_by: 'user@domain.com',
    timestamp,
    new_state: flagState(true),
    previous_state: flagState(false),
  })

const auditLogCreated = (timestamp: string) =>
  eventBody('AUDIT_LOG_CREATED', {
    id: 1,
    created_date: timestamp,
    log: 'New Flag / Remote Config created: test_feature',
    author: { id: 1, email: 'user@domain.com', first_name: 'Jane', last_name: 'Doe' },
    environment: null,
    project,
    related_object_id: 1,
    related_object_uuid: null,
    related_object_type: 'FEATURE',
    is_system_event: false,
  })

export type SampleOf = 'environment' | 'organisation'

/** `now` in epoch milliseconds. */
export function sampleBody(of: SampleOf, now: number): string {
  const timestamp = new Date(now).toISOString().replace('Z', '000Z')
  return of === 'environment' ? flagUpdated(timestamp) : auditLogCreated(timestamp)
}
