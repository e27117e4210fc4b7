/** Ids in a body that name nothing the caller may refer to. */
import { type Refusal, unknownId } from '../outcome.ts'

/** Tells the first of the ids that was not found. */
export function refuseUnknown(
  field: string,
  asked: number[],
  found: number[],
): Refusal | undefined {
  const missing = asked.find((id) => !found.includes(id))
  return missing === undefined ? undefined : unknownId(field, missing)
}
