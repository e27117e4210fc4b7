import { describe, expect, it } from 'vitest'
import { may, type Permission } from '../../src/domain/permissions.ts'

const permissions: Permission[] = [
  'VIEW_ORGANISATION',
  'ADMINISTER_ORGANISATION',
  'CREATE_PROJECT',
  'VIEW_PROJECT',
  'ADMINISTER_PROJECT',
  'VIEW_AUDIT_LOG',
  'CREATE_ENVIRONMENT',
  'CREATE_FEATURE',
  'DELETE_FEATURE',
  'MANAGE_SEGMENTS',
  'VIEW_ENVIRONMENT',
  'ADMINISTER_ENVIRONMENT',
  'UPDATE_FEATURE_STATE',
  'MANAGE_SEGMENT_OVERRIDES',
]

const held = (standing: Parameters<typeof may>[0]) =>
  permissions.filter((permission) => may(standing, permission))

describe('a caller', () => {
  it('who administers the organisation may do everything in it', () => {
    expect(held('admin')).toEqual(permissions)
  })

  it('who only belongs to it may see it, and nothing inside', () => {
    expect(held('member')).toEqual(['VIEW_ORGANISATION'])
  })

  it('who does not belong to it may do nothing', () => {
    expect(held('stranger')).toEqual([])
  })
})
