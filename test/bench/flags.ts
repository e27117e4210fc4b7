/** `GET /api/v1/flags/` with 100 features, against a Worker that returns the same bytes as a constant. */
import { holdContest } from './contest.ts'
import { printContest } from './contest-report.ts'
import { clientKey, documentOf, publish } from './document.ts'

const features = 100

export async function benchFlags(): Promise<void> {
  const results = await holdContest({
    request: {
      method: 'GET',
      path: '/api/v1/flags/',
      headers: { 'X-Environment-Key': clientKey },
    },
    effort: 'nothing',
    seed: ({ put }) => publish(put, documentOf(features)),
    check: (answer) => {
      const served = (JSON.parse(answer) as unknown[]).length
      if (served !== features) throw new Error(`${served} flags served, not ${features}`)
    },
  })
  printContest(`GET /api/v1/flags/, ${features} features`, results, 0.85)
}
