/**
 * The evaluation counts that SDKs send, contract sdk-api §2.5: `POST /analytics/flags/` in its two
 * versions. A body is checked as the contract says and then dropped: nothing keeps counts yet.
 */
import { z } from '@hono/zod-openapi'
import { toFieldErrors } from '../http/field-errors.ts'
import { bool, int, text } from '../http/fields.ts'
import { refuse } from '../http/refuse.ts'
import { invalid, invalidBody, type Outcome, ok } from '../outcome.ts'
import { readBody } from './body.ts'
import { endpoint, type Handler } from './endpoint.ts'
import { floatOf } from './json.ts'
import { createSdkRouter } from './router.ts'

/** More flags than an environment has: a body with more of them is not worth a look. */
const maxItems = 5_000

const maxFeatureName = 2_000
const maxIdentifier = 2_000

const noData = invalidBody('No data provided')

/** Items that are no integer, and names that nobody knows, are skipped in silence (§2.5). */
function checkCounts(body: unknown): Outcome<null> {
  if (body === null) return noData
  if (typeof body !== 'object' || Array.isArray(body) || floatOf(body) !== undefined) {
    return invalidBody('Expected a JSON object.')
  }
  return Object.keys(body).length > maxItems
    ? invalidBody(`Ensure this object has no more than ${maxItems} items.`)
    : ok(null)
}

/** The contract's server takes `5.0` for 5. */
const integer = int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

const evaluations = z.object({
  evaluations: z
    .array(
      z.object({
        feature_name: text(maxFeatureName),
        identity_identifier: text(maxIdentifier).optional(),
        enabled_when_evaluated: bool(),
        count: z.preprocess((count) => floatOf(count) ?? count, integer),
      }),
    )
    .max(maxItems),
})

/** What is wrong with a list as a whole stands under its `non_field_errors` (sdk-api §2.2). */
const listPath = (issue: z.core.$ZodIssue) =>
  issue.code === 'invalid_type' && issue.expected === 'array' && issue.message.includes('type "')
    ? [...issue.path, 'non_field_errors']
    : issue.path

function checkEvaluations(body: unknown): Outcome<null> {
  if (body === null) return noData
  const { error } = evaluations.safeParse(body)
  if (error === undefined) return ok(null)
  return invalid(toFieldErrors(error.issues.map((issue) => ({ ...issue, path: listPath(issue) }))))
}

/** A body that passes is answered without one. */
const answer =
  (check: (body: unknown) => Outcome<null>, status: 200 | 204): Handler =>
  async (c) => {
    const body = await readBody(c)
    if (body instanceof Response) return body
    const checked = check(body)
    return checked.kind === 'ok' ? new Response(null, { status }) : refuse(c, checked)
  }

/**
 * Below `/api/v1`: `{"<feature name>": <count>, …}` → 200, since two SDKs take a 204 for a failure.
 * 400 `{"non_field_errors": […]}` for what is no object, 403 without a good key of either kind.
 */
export const analyticsRoutes = createSdkRouter()
analyticsRoutes.all('/analytics/flags', endpoint({ POST: answer(checkCounts, 200) }))

/**
 * Below `/api/v2`: `{"evaluations": [{feature_name, identity_identifier?, enabled_when_evaluated,
 * count}]}` → 204. 400 with the errors of each item by its place, 403 without a good key.
 */
export const analyticsV2Routes = createSdkRouter()
analyticsV2Routes.all('/analytics/flags', endpoint({ POST: answer(checkEvaluations, 204) }))
