import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { addEnvironment, createWorld, type Place, type World } from '../support/admin.ts'
import { addState } from '../support/flags.ts'
import { addColleague } from '../support/people.ts'

let world: World
let place: Place
let feature: number

beforeAll(async () => {
  world = await createWorld()
  place = await addEnvironment(world)
  feature = (await addState(world, place)).feature
})

const words = (text: string) => text.trim().split(/\s+/)

/** O, P, E and F stand for things that are there, 1 and x for what is not. */
const pathOf = (text: string) =>
  text
    .replace('/O/', `/${world.organisation.id}/`)
    .replace('/P/', `/${place.project.id}/`)
    .replace('/E/', `/${place.environment.api_key}/`)
    .replace('/F/', `/${feature}/`)

const pages = words(`
organisations/O/roles organisations/O/users/1/roles organisations/O/groups/1/roles
organisations/O/master-api-keys/x/roles organisations/O/trust-relationships
organisations/O/api-usage-notification organisations/O/integrations/github
organisations/O/metadata-model-fields projects/P/change-requests projects/P/release-pipelines
projects/P/metadata/fields projects/P/features/F/feature-external-resources
projects/P/feature-exports projects/P/feature-imports
environments/E/list-change-requests environments/E/experiments environments/E/experiment-metrics
metadata/fields auth/saml/configuration auth/saml/attribute-mapping`)

const bare = words(`
organisations/O/integrations/grafana organisations/O/metadata-model-fields/supported-content-types
organisations/O/metadata-model-fields/supported-required-for-models projects/P/feature-health/events
projects/P/feature-health/providers projects/P/imports/launch-darkly
projects/P/integrations/datadog projects/P/integrations/new-relic projects/P/integrations/gitlab
projects/P/integrations/grafana projects/P/features/F/code-references
environments/E/warehouse-connections environments/E/cohorts
environments/E/integrations/amplitude environments/E/integrations/heap
environments/E/integrations/mixpanel environments/E/integrations/rudderstack
environments/E/integrations/segment environments/E/integrations/dynatrace
environments/E/integrations/sentry environments/E/integrations/slack
environments/E/integrations/webhook environments/E/integrations/grafana`)

/** Method and path; what is below a list, and what clients call on it. */
const refused = `
GET environments/E/experiments/1, POST environments/E/experiments, PUT environments/E/experiments/1,
POST environments/E/experiments/1/start, GET environments/E/experiments/1/results,
GET environments/E/experiments/1/exposures, POST environments/E/experiment-metrics,
PATCH environments/E/experiment-metrics/1, POST environments/E/warehouse-connections,
POST environments/E/warehouse-connections/1/test, POST environments/E/cohorts,
GET projects/P/segments/1/members, POST projects/P/feature-health/providers,
POST projects/P/feature-health/events/1/dismiss, POST feature-health/x,
POST projects/P/code-references, POST projects/P/features/F/feature-external-resources,
DELETE projects/P/features/F/feature-external-resources/1, GET organisations/O/github/issues,
POST organisations/O/integrations/github, GET organisations/O/integrations/github/1/repositories,
GET projects/P/gitlab/projects, POST github-webhook, POST gitlab-webhook/x,
POST projects/P/release-pipelines, GET projects/P/release-pipelines/1,
POST projects/P/release-pipelines/1/add-feature, POST environments/E/create-change-request,
POST features/create-feature-export, GET features/download-feature-export/1,
POST features/feature-import/1, GET features/workflows/change-requests/1, POST features/workflows/change-requests/1/commit,
POST projects/P/change-requests, POST projects/P/change-requests/1/approve,
GET environments/1/features/F/versions, POST environments/1/features/F/versions,
POST environments/1/features/F/versions/x/publish, DELETE environments/1/features/F/versions/x,
PUT environments/1/features/F/versions/x/featurestates/1, GET environment-feature-versions/x,
POST organisations/O/roles, DELETE organisations/O/roles/1, GET organisations/O/roles/1/users,
DELETE organisations/O/users/1/roles/1, DELETE organisations/O/groups/1/roles/1,
DELETE organisations/O/master-api-keys/x/roles/1, POST auth/saml/configuration,
GET auth/saml/x/metadata, POST auth/saml/login, GET scim/v2/Users, POST organisations/O/scim,
PUT organisations/O/licence, POST organisations/O/trust-relationships, POST auth/oidc/token,
GET oauth/authorize, POST projects/P/migrate-to-edge, POST organisations/O/update-subscription,
GET organisations/O/portal-url, POST cb-webhook,
POST organisations/O/get-hosted-page-url-for-subscription-upgrade,
POST environments/E/integrations/amplitude, PUT environments/E/integrations/slack/1,
GET environments/E/integrations/slack/oauth, GET environments/E/integrations/slack-channels,
POST projects/P/integrations/datadog, DELETE projects/P/integrations/new-relic/1,
POST projects/P/imports/launch-darkly, GET projects/P/imports/launch-darkly/1,
POST metadata/fields, POST projects/P/metadata/fields, DELETE metadata/fields/1,
PUT organisations/O/metadata-model-fields/1, GET admin/dashboard/summary,
GET admin/dashboard/usage-trends, PATCH auth/users/me/onboarding,
POST onboarding/request/send, POST analytics/telemetry, GET organisations/O/influx-data,
GET organisations/O/usage, GET projects/P/features/F/influx-data,
GET projects/P/features/F/evaluation-data`
  .trim()
  .split(/,\s+/)

async function call(method: string, path: string, auth?: string) {
  const hasBody = method !== 'GET' && method !== 'DELETE'
  return world.api<Record<string, unknown>>(method, path, hasBody ? {} : undefined, auth)
}

const all = [...pages, ...bare].map((path) => `GET ${path}`).concat(refused)

describe.each(all)('%s', (route) => {
  const [method = '', path = ''] = route.split(' ')

  it('is closed without a credential, with and without its last slash', async () => {
    for (const slash of ['', '/']) {
      const response = await exports.default.fetch(
        new Request(`http://localhost/api/v1/${pathOf(path)}${slash}`, { method }),
      )
      expect(response.status).toBe(401)
      expect(await response.json()).toHaveProperty('detail')
    }
  })
})

describe('a list of what there is not', () => {
  it.each(pages)('is an empty page: %s', async (path) => {
    for (const slash of ['', '/']) {
      expect(await call('GET', `${pathOf(path)}${slash}?page_size=999`)).toMatchObject({
        status: 200,
        body: { count: 0, next: null, previous: null, results: [] },
      })
    }
  })

  it.each(bare)('is an empty array: %s', async (path) => {
    for (const slash of ['', '/']) {
      const answer = await call('GET', `${pathOf(path)}${slash}?page_size=999`)
      expect([answer.status, answer.body]).toEqual([200, []])
    }
  })

  it('shows no stranger that the place is there', async () => {
    const stranger = (await createWorld('Neighbours')).keyAuth
    for (const path of [...pages, ...bare]) {
      if (!/[OPE]\//.test(path)) continue
      const { status } = await call('GET', `${pathOf(path)}/`, stranger)
      expect([path, status]).toEqual([path, path.startsWith('organisations') ? 403 : 404])
    }
  })

  it('of trust relationships is for people who administer the organisation', async () => {
    const path = pathOf('organisations/O/trust-relationships/')
    const member = await addColleague(world)
    for (const auth of [world.keyAuth, member.auth]) {
      expect((await call('GET', path, auth)).status).toBe(403)
    }
  })

  it('is not there for a feature of another project', async () => {
    const other = (await addState(world, await addEnvironment(world, 'Other'))).feature
    for (const path of [...pages, ...bare]) {
      if (!path.includes('/F/')) continue
      const at = path.replace('/F/', `/${other}/`)
      expect((await call('GET', `${pathOf(at)}/`)).status).toBe(404)
    }
  })
})

describe('what Burgee cannot do', () => {
  it.each(refused)('answers 404 and says so: %s', async (route) => {
    const [method = '', path = ''] = route.split(' ')
    for (const slash of ['', '/']) {
      expect(await call(method, `${pathOf(path)}${slash}`)).toMatchObject({
        status: 404,
        body: { detail: expect.stringMatching(/ not available in Burgee\./) },
      })
    }
  })
})

it('a path that nobody knows answers 404 as JSON, in every part of the API', async () => {
  for (const path of ['/api/v1/x/', '/api/x', '/api/v2/x/', '/.well-known/x', '/o/token/']) {
    const response = await exports.default.fetch(new Request(`http://localhost${path}`))
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ detail: 'Not found.' })
  }
})
