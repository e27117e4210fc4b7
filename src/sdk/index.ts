/** The SDK endpoints. CORS stands before authentication, so that a browser can read a refusal. */
import { cors } from './cors.ts'
import { flagRoutes } from './flags.ts'
import { createSdkRouter } from './router.ts'

export const sdkRoutes = createSdkRouter()

sdkRoutes.use('/flags', cors)
sdkRoutes.route('/', flagRoutes)
