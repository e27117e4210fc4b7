/** `GET /api/v1/environment-document/` of about 1 MB, against a Worker that returns it as a constant. */
import { createHash } from 'node:crypto'
import { holdContest } from './contest.ts'
import { printContest } from './contest-report.ts'
import { documentOf, publish } from './document.ts'

const serverKey = 'ser.bench0server0key0000'
const features = 2_600

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export async function benchEnvironmentDocument(): Promise<void> {
  const document = documentOf(features)
  const hash = sha256(serverKey)
  const results = await holdContest({
    request: {
      method: 'GET',
      path: '/api/v1/environment-document/',
      headers: { 'X-Environment-Key': serverKey },
    },
    effort: 'nothing',
    seed: async ({ put }) => {
      await publish(put, { ...document, serverKeys: [{ hash, expiresAt: null }] })
      await put('DOCUMENTS', [[`key:${hash}`, String(document.environment.id)]])
    },
    check: (answer) => {
      const bytes = Buffer.byteLength(answer)
      if (bytes < 900_000 || bytes > 1_200_000) throw new Error(`${bytes} bytes are not about 1 MB`)
    },
  })
  printContest('GET /api/v1/environment-document/, about 1 MB', results, null)
}
