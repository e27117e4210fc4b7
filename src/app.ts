/** Composes the Hono apps. Serving comes first, so that nothing of administration runs before it. */
import { adminRoutes } from './admin/index.ts'
import { mountDescription } from './description.ts'
import { boundary, onError, onNotFound } from './http/boundary.ts'
import { createRouter } from './http/router.ts'
import { sdkRoutes } from './sdk/index.ts'
import { systemRoutes } from './system.ts'

export const app = createRouter()

app.onError(onError)
app.notFound(onNotFound)
app.route('/api/v1', sdkRoutes)
app.use(boundary)
app.route('/', systemRoutes)
app.route('/api/v1', adminRoutes)
mountDescription(app)
