/** The SDK endpoints. CORS stands before authentication, so that a browser can read a refusal. */
import { analyticsRoutes, analyticsV2Routes } from './analytics.ts'
import { bulkIdentityRoutes } from './bulk-identities.ts'
import { cors } from './cors.ts'
import { describeSdk } from './description.ts'
import { environmentDocumentRoutes } from './environment-document.ts'
import { flagRoutes } from './flags.ts'
import { identityRoutes } from './identities.ts'
import { legacyRoutes } from './legacy.ts'
import { createSdkRouter } from './router.ts'
import { traitRoutes } from './traits.ts'

export const sdkRoutes = createSdkRouter()

sdkRoutes.use('/flags', cors)
sdkRoutes.route('/', flagRoutes)
for (const path of ['/identities/*', '/traits/*', '/flags/:identifier/*', '/bulk-identities']) {
  // Preflights only: these endpoints give their answers the headers themselves.
  sdkRoutes.on('OPTIONS', path, cors)
}
sdkRoutes.route('/', identityRoutes)
sdkRoutes.route('/', traitRoutes)
sdkRoutes.route('/', legacyRoutes)
sdkRoutes.route('/', bulkIdentityRoutes)
sdkRoutes.use('/environment-document', cors)
sdkRoutes.route('/', environmentDocumentRoutes)
sdkRoutes.use('/analytics/flags', cors)
sdkRoutes.route('/', analyticsRoutes)

/** What lies below `/api/v2`. */
export const sdkV2Routes = createSdkRouter()

sdkV2Routes.use('/analytics/flags', cors)
sdkV2Routes.route('/', analyticsV2Routes)

describeSdk({ v1: sdkRoutes, v2: sdkV2Routes })
