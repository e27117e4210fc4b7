/** What an engine must offer to be compared: a call to time, and its answers in one common form. */
import type { FlagValue } from '../../../src/engine/document.ts'
import type { World } from './world.ts'

export type Answer = {
  value: FlagValue
  /** Absent where the engine has no such notion. */
  enabled?: boolean
  reason?: string
}

export type Contender = {
  /** All flags of the person with that number. What can be done once is done before. */
  call: (person: number) => unknown
  /** What that call comes to, by feature name. */
  answers: (person: number) => Promise<Map<string, Answer>>
}

export type Engine = { name: string; prepare: (world: World) => Contender }
