/**
 * The routes of edge identities, for projects that keep identities in a document store. Here no
 * project does: whoever may see the environment is told so. Contract admin-api §B.9.
 */
import { requireEnvironment } from '../auth/require.ts'
import { createAdminRouter } from './router.ts'

/** Each with all that is below it. The doubled segment of one path is real. */
const paths = [
  '/environments/:environment/edge-identities',
  '/environments/:environment/edge-identity-overrides',
  '/environments/environments/:environment/edge-identities-featurestates',
]

export const edgeIdentityRoutes = createAdminRouter()

for (const path of paths) {
  edgeIdentityRoutes.all(`${path}/*`, requireEnvironment('VIEW_ENVIRONMENT'), (c) =>
    c.json({ detail: 'Dynamo DB is not enabled for this project' }, 400),
  )
}
