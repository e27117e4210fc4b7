import { describe, expect, test } from 'vitest'
import { configuredNames, namesIn } from '../../src/tools/deploy-steps.ts'

describe('the names a deployment needs', () => {
  test('are all found in this configuration', () => {
    expect(configuredNames()).toEqual({
      database: 'burgee',
      queues: ['burgee-deliveries', 'burgee-dead-letters'],
      namespace: 'burgee-documents',
    })
  })

  test('follow a configuration that was renamed', () => {
    const config = `name = "flags"

[[d1_databases]]
binding = "DB"
database_name = "flags-eu"

[[kv_namespaces]]
binding = "PUBLISHED_DOCUMENTS"

[[queues.consumers]]
queue = "one"
dead_letter_queue = "two"
`
    expect(namesIn(config)).toEqual({
      database: 'flags-eu',
      queues: ['one', 'two'],
      namespace: 'flags-published-documents',
    })
  })
})
