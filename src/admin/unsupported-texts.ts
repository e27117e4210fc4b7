/** What Burgee does not have, path by path with all below it, and what to use instead. */

const organisation = '/organisations/:organisation'
const project = '/projects/:project'
const environment = '/environments/:environment'
const feature = `${project}/features/:feature`

const are = (what: string, instead = '') => `${what} are not available in Burgee.${instead}`
const is = (what: string, instead = '') => `${what} is not available in Burgee.${instead}`

const permissions = ' Grant permissions to users and groups instead.'
const directly = ' Change the flag itself: it takes effect at once.'
const webhooks = ' Webhooks tell other systems of every change of a flag.'
const keys = ' Use an organisation API key.'

const experiments = are('Experiments', ' Measure variants in your own analytics.')
const health = is('Feature health')
const references = are('Code references')
const resources = are('External resources of features')
const pipelines = are('Release pipelines', directly)
const changeRequests = are('Change requests', directly)
const versions = are('Feature versions', directly)
const integrations = are('Integrations', webhooks)
const roles = are('Roles', permissions)
const billing = is('Billing', ' Nothing here is limited by a plan.')
const customFields = are('Custom metadata fields', ' Use tags and descriptions.')
const featureFiles = are(
  'Exports and imports of one environment',
  ' Use projects/{id}/export/ and organisations/{id}/import/, which take the whole project.',
)
const usage = is('This report of usage')
const onboarding = is('Onboarding')

export const unavailable: [path: string, detail: string][] = [
  [`${environment}/experiments`, experiments],
  [`${environment}/experiment-metrics`, experiments],
  [`${environment}/warehouse-connections`, are('Warehouse connections')],
  [`${environment}/cohorts`, are('Cohorts', ' Use a segment with a rule on a trait.')],
  [`${project}/segments/:segment/members`, are('Members of segments')],
  [`${project}/feature-health`, health],
  ['/feature-health', health],
  [`${project}/code-references`, references],
  [`${feature}/code-references`, references],
  [`${feature}/feature-external-resources`, resources],
  [`${organisation}/github`, integrations],
  [`${organisation}/integrations`, integrations],
  [`${project}/integrations`, integrations],
  [`${project}/gitlab`, integrations],
  [`${environment}/integrations`, integrations],
  ['/github-webhook', integrations],
  ['/gitlab-webhook', integrations],
  [`${project}/release-pipelines`, pipelines],
  [`${environment}/create-change-request`, changeRequests],
  [`${environment}/list-change-requests`, changeRequests],
  [`${project}/change-requests`, changeRequests],
  ['/features/workflows', changeRequests],
  ['/features/create-feature-export', featureFiles],
  ['/features/download-feature-export', featureFiles],
  ['/features/feature-import', featureFiles],
  [`${environment}/features/:feature/versions`, versions],
  ['/environment-feature-versions', versions],
  [`${organisation}/roles`, roles],
  [`${organisation}/users/:user/roles`, roles],
  [`${organisation}/groups/:group/roles`, roles],
  [`${organisation}/master-api-keys/:prefix/roles`, roles],
  ['/auth/saml', is('SAML')],
  ['/scim', is('SCIM')],
  [`${organisation}/scim`, is('SCIM')],
  [`${organisation}/licence`, are('Licences', ' None is needed.')],
  [`${organisation}/trust-relationships`, are('Trust relationships', keys)],
  ['/auth/oidc', is('The exchange of OIDC tokens', keys)],
  ['/oauth', is('OAuth', keys)],
  [`${project}/migrate-to-edge`, are('Edge identities', ' All identities are of one kind.')],
  [`${organisation}/update-subscription`, billing],
  [`${organisation}/portal-url`, billing],
  [`${organisation}/get-hosted-page-url-for-subscription-upgrade`, billing],
  [`${organisation}/api-usage-notification`, billing],
  ['/cb-webhook', billing],
  [`${project}/imports`, is('The import from LaunchDarkly')],
  ['/metadata', customFields],
  [`${project}/metadata`, customFields],
  [`${organisation}/metadata-model-fields`, customFields],
  ['/admin/dashboard', is('The dashboard of the instance')],
  ['/auth/users/me/onboarding', onboarding],
  ['/onboarding', onboarding],
  ['/analytics/telemetry', is('Telemetry')],
  [`${organisation}/influx-data`, usage],
  [`${organisation}/usage`, usage],
  [`${feature}/influx-data`, usage],
  // An empty list would read as "nobody asks for this flag", and flags are deleted for that.
  [`${feature}/evaluation-data`, are('Counts of evaluations')],
]
