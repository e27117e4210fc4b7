/** What the values of a feature may take: its initial value and those of its options. */
import type { Refusal } from '../outcome.ts'
import type { Database } from '../storage/database.ts'
import type { MultivariateOption } from '../storage/features.ts'
import type { Project } from '../storage/projects.ts'
import { bytesOf, refuseText, refuseValue } from './limits.ts'

type Values = { initialValue: string | null; options: MultivariateOption[] }

/**
 * What was there before stays and is not judged again, also where a limit was lowered since. The
 * initial value never changes.
 */
export async function refuseValues(
  db: Database,
  project: Project,
  { before, after }: { before: Values | null; after: Values },
): Promise<Refusal | undefined> {
  const past = new Map(before?.options.map((option) => [option.id, option.stringValue]))
  const written = after.options.filter((option) => past.get(option.id) !== option.stringValue)
  const initialValue = before === null ? after.initialValue : null
  const refusal = [
    refuseValue(project, initialValue, 'initial_value'),
    ...written.map((option) => refuseValue(project, option.stringValue, 'multivariate_options')),
  ].find((found) => found !== undefined)
  if (refusal !== undefined) return refusal
  const growth = written.map((option) => bytesOf(option.stringValue) - bytesOf(past.get(option.id)))
  return refuseText(
    db,
    project,
    growth.reduce((bytes, one) => bytes + one, bytesOf(initialValue)),
  )
}
