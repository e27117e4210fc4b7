/** The admin API: every resource mounted under one identification of the caller. */
import { identify } from '../auth/identify.ts'
import { boundedBody, noStore } from '../http/boundary.ts'
import { auditRoutes } from './audit.ts'
import { authRoutes } from './auth.ts'
import { environmentKeyRoutes } from './environment-keys.ts'
import { environmentRoutes } from './environments.ts'
import { featureSegmentRoutes } from './feature-segments.ts'
import { featureStateRoutes } from './feature-states.ts'
import { featureRoutes } from './features.ts'
import { optionRoutes } from './mv-options.ts'
import { organisationKeyRoutes } from './organisation-keys.ts'
import { organisationRoutes } from './organisations.ts'
import { overrideRoutes } from './overrides.ts'
import { projectRoutes } from './projects.ts'
import { createAdminRouter } from './router.ts'
import { segmentRoutes } from './segments.ts'
import { webhookRoutes } from './webhooks.ts'

export const adminRoutes = createAdminRouter()

adminRoutes.use(noStore, boundedBody, identify)

const resources = [
  authRoutes,
  organisationRoutes,
  organisationKeyRoutes,
  projectRoutes,
  environmentRoutes,
  environmentKeyRoutes,
  featureRoutes,
  optionRoutes,
  featureStateRoutes,
  segmentRoutes,
  featureSegmentRoutes,
  overrideRoutes,
  webhookRoutes,
  auditRoutes,
]

for (const routes of resources) adminRoutes.route('/', routes)
