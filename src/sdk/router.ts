/** The router of the SDK endpoints: no session, no audit, no log line for what goes well. */
import { createRouter } from '../http/router.ts'

export const createSdkRouter = () => createRouter()
