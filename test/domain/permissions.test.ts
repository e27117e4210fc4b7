import { describe, expect, it } from 'vitest'
import {
  environmentPermissions,
  type Granted,
  held,
  judge,
  may,
  organisationPermissions,
  type Permission,
  projectCreation,
  projectPermissions,
  type Standing,
  sourceOf,
  standingOfMember,
} from '../../src/domain/permissions.ts'

const permissions: Permission[] = [
  'VIEW_ORGANISATION',
  'ADMINISTER_ORGANISATION',
  ...organisationPermissions,
  'ADMINISTER_PROJECT',
  ...projectPermissions,
  'ADMINISTER_ENVIRONMENT',
  ...environmentPermissions,
]

type At = Pick<Granted, 'projectId' | 'environmentId'>

const organisation: At = { projectId: null, environmentId: null }
const project: At = { projectId: 1, environmentId: null }
const environment: At = { projectId: 1, environmentId: 2 }

const grant = (place: At, ...keys: string[]): Granted => ({
  ...place,
  admin: false,
  permissions: keys,
})
const admin = (place: At): Granted => ({
  ...place,
  admin: true,
  permissions: [],
})
const member = (...grants: Granted[]): Standing => ({ grants })

const ofProject: Permission[] = ['ADMINISTER_PROJECT', ...projectPermissions]
const ofEnvironment: Permission[] = ['ADMINISTER_ENVIRONMENT', ...environmentPermissions]

const standings: [string, Standing, Permission[]][] = [
  ['an administrator of the organisation', 'admin', permissions],
  ['a stranger', 'stranger', []],
  ['a plain member', member(), ['VIEW_ORGANISATION']],
  ['a project administrator', member(admin(project)), [...ofProject, ...ofEnvironment]],
  ['an environment administrator', member(admin(environment)), ofEnvironment],
  // Only the role says who administers an organisation.
  ['a member with an administrating grant at the organisation', member(admin(organisation)), []],
  ['one with every name at the wrong level', member(grant(environment, ...projectPermissions)), []],
  [
    'a member with two grants',
    member(grant(project, 'VIEW_PROJECT'), grant(environment, 'VIEW_ENVIRONMENT')),
    ['VIEW_PROJECT', 'VIEW_ENVIRONMENT'],
  ],
  [
    'one with names that nobody grants',
    member(grant(project, 'ADMINISTER_PROJECT ', 'VIEW_ORGANISATION', 'toString')),
    [],
  ],
]

describe.each(standings)('%s', (_, standing, expected) => {
  it.each(permissions)('and %s', (permission) => {
    const isSeen = permission === 'VIEW_ORGANISATION' && standing !== 'stranger'
    expect(may(standing, permission)).toBe(isSeen || expected.includes(permission))
  })
})

describe.each([
  [organisation, organisationPermissions],
  [project, projectPermissions],
  [environment, environmentPermissions],
] as const)('a grant at %o', (place, names) => {
  it.each(names)('of %s gives that and nothing else', (name) => {
    const standing = member(grant(place, name))
    const given = permissions.filter((permission) => may(standing, permission))
    expect(new Set(given)).toEqual(new Set(['VIEW_ORGANISATION', name]))
  })
})

it('what may not be seen is invisible, whatever else is granted in it', () => {
  const blind = member(grant(project, 'CREATE_FEATURE'))
  expect(judge(blind, 'project', 'CREATE_FEATURE')).toBe('invisible')
  const seeing = member(grant(project, 'CREATE_FEATURE', 'VIEW_PROJECT'))
  expect(judge(seeing, 'project', 'CREATE_FEATURE')).toBe('granted')
  expect(judge(seeing, 'project', 'MANAGE_TAGS')).toBe('forbidden')
  expect(judge(seeing, 'environment', 'CREATE_FEATURE')).toBe('invisible')
})

it('grants without a membership are worth nothing, and an administrator needs none', () => {
  expect(standingOfMember(undefined, [admin(project)])).toBe('stranger')
  expect(standingOfMember('ADMIN', [])).toBe('admin')
  expect(held(standingOfMember('USER', [admin(environment)]), 'environment')).toEqual(
    environmentPermissions,
  )
})

it('CREATE_PROJECT suffices to create projects unless the organisation keeps that to itself', () => {
  const holder = member(grant(organisation, 'CREATE_PROJECT'))
  for (const [standing, open, restricted] of [
    ['admin', true, true],
    [holder, true, false],
    [member(), false, false],
    ['stranger', false, false],
  ] as const) {
    expect(may(standing, projectCreation({ restrictProjectCreateToAdmin: false }))).toBe(open)
    expect(may(standing, projectCreation({ restrictProjectCreateToAdmin: true }))).toBe(restricted)
  }
})

it('the sources of a permission are told apart', () => {
  const own = { ...grant(project, 'VIEW_PROJECT'), groupId: null }
  const ours = { ...admin(project), groupId: 7 }
  const from = (
    role: 'ADMIN' | 'USER' | undefined,
    ...grants: (Granted & { groupId: number | null })[]
  ) => sourceOf({ role, grants }, 'VIEW_PROJECT')
  expect(from('USER', own, ours)).toEqual({ isDirect: true, groupIds: [7] })
  expect(from('USER', ours)).toEqual({ isDirect: false, groupIds: [7] })
  expect(from('ADMIN')).toEqual({ isDirect: true, groupIds: [] })
  expect(from('USER')).toBeUndefined()
  expect(from(undefined, own)).toBeUndefined()
})
