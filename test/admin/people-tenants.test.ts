import { beforeAll, expect, it } from 'vitest'
import { addMember, addUser, createWorld, done, type Person, type World } from '../support/admin.ts'
import { addColleague, groupOf, inviteBy, linkOf, pathOf } from '../support/people.ts'
import { dumpAtRest } from '../support/settled.ts'

let theirs: World
let ours: World
/** An administrator of ours only, and a plain member of theirs. */
let outsider: Person
let member: Person
let routes: [method: string, path: string, body?: unknown][]

beforeAll(async () => {
  ours = await createWorld('Ours')
  theirs = await createWorld('Theirs')
  outsider = await addUser('outsider@example.com')
  await addMember(ours.organisation.id, outsider.id, 'ADMIN')
  member = await addColleague(theirs)
  const colleague = await addColleague(theirs)
  const group = await groupOf(theirs)
  const users = { user_ids: [colleague.id] }
  await done(theirs.api('POST', pathOf(theirs, `groups/${group.id}/add-users/`), users))
  const invite = await inviteBy(theirs, { email: 'invited@example.com' })
  const link = await linkOf(theirs)
  routes = [
    ['POST', `users/${colleague.id}/update-role/`, { role: 'ADMIN' }],
    ['POST', 'remove-users/', [{ id: colleague.id }]],
    ['GET', `groups/${group.id}/`],
    ['POST', 'groups/', { name: 'Planted' }],
    ['PUT', `groups/${group.id}/`, { name: 'Taken over' }],
    ['PATCH', `groups/${group.id}/`, { is_default: true }],
    ['DELETE', `groups/${group.id}/`],
    ['POST', `groups/${group.id}/add-users/`, { user_ids: [1] }],
    ['POST', `groups/${group.id}/remove-users/`, users],
    ['POST', `groups/${group.id}/users/${colleague.id}/make-admin`],
    ['POST', `groups/${group.id}/users/${colleague.id}/remove-admin`],
    ['GET', 'invites/'],
    ['POST', 'invites/', { email: 'planted@example.com' }],
    ['GET', `invites/${invite.id}/`],
    ['DELETE', `invites/${invite.id}/`],
    ['POST', `invites/${invite.id}/resend/`],
    ['POST', 'invite/', { emails: ['planted@example.com'] }],
    ['GET', 'invite-links/'],
    ['POST', 'invite-links/', {}],
    ['DELETE', `invite-links/${link.id}/`],
    ['GET', 'get-subscription-metadata/'],
    ['GET', 'usage-data/'],
  ]
})

/** What every member may read, and no stranger. */
const shared = ['users/', 'groups/', 'groups/my-groups/', 'groups/summaries/']

it('strangers and their keys are refused on every route and change nothing', async () => {
  const before = await dumpAtRest()
  for (const auth of [outsider.auth, ours.keyAuth]) {
    const reads = shared.map((path): [string, string, unknown?] => ['GET', path])
    for (const [method, path, body] of [...routes, ...reads]) {
      const answer = await ours.api(method, pathOf(theirs, path), body, auth)
      expect([method, path, answer.status]).toEqual([method, path, 403])
      expect(answer.body).toEqual({
        detail: 'You do not have permission to perform this action.',
      })
    }
  }
  expect(await dumpAtRest()).toBe(before)
})

it('a plain member is refused on every route but the shared lists', async () => {
  const before = await dumpAtRest()
  for (const [method, path, body] of routes) {
    const { status } = await theirs.api(method, pathOf(theirs, path), body, member.auth)
    const hidden = method === 'GET' && path.startsWith('groups/') ? 404 : 403
    expect([method, path, status]).toEqual([method, path, hidden])
  }
  for (const path of shared) {
    const { status } = await theirs.api('GET', pathOf(theirs, path), undefined, member.auth)
    expect([path, status]).toEqual([path, 200])
  }
  expect(await dumpAtRest()).toBe(before)
})

it('their things are unknown under our own organisation', async () => {
  const before = await dumpAtRest()
  for (const [method, path, body] of routes.filter(([, at]) => /\d/.test(at))) {
    const { status } = await ours.api(method, pathOf(ours, path), body, ours.keyAuth)
    // `user_ids` of another organisation are refused as unknown before the group is looked at.
    expect([method, path, [400, 404].includes(status)]).toEqual([method, path, true])
  }
  expect(await dumpAtRest()).toBe(before)
})
