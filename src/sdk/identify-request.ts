/** The body of `POST /identities/`: what is asked, or the 400 that says why not. Contract sdk-api §2.2. */
import { type Field, readBlankText, readBoolean } from './fields.ts'
import { faultsIn, type Read, readRecord, readTraits, type SentTrait } from './sent-traits.ts'

export type IdentifyRequest = {
  /** Null: an anonymous identity. */
  identifier: string | null
  transient: boolean
  traits: SentTrait[]
}

export const maxIdentifier = 2_000

const readIdentifier = (input: unknown): Field<string> =>
  input === undefined || input === null ? { value: '' } : readBlankText(input, maxIdentifier)

export function readIdentifyRequest(data: unknown): Read<IdentifyRequest> {
  if (data === null) return { faults: { non_field_errors: ['No data provided'] } }
  const record = readRecord(data)
  if (record.faults !== undefined) return record
  const identifier = readIdentifier(record.value.identifier)
  const transient = readBoolean(record.value.transient)
  const traits = readTraits(record.value.traits)
  if (identifier.errors ?? transient.errors ?? traits.faults) {
    return {
      faults: {
        ...faultsIn({ identifier, transient }),
        ...(traits.faults !== undefined && { traits: traits.faults }),
      },
    }
  }
  return {
    value: {
      identifier: identifier.value || null,
      transient: transient.value,
      traits: traits.value,
    },
  }
}
