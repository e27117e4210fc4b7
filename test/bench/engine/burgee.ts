/**
 * Burgee's engine as the Worker runs it: the document compiled once, the WebAssembly module handed
 * over, the overrides of an identity looked up by identifier.
 */
import { compile, evaluate, type Identity, useLanes } from '../../../src/engine/index.ts'
import { compiledLanes } from '../../engine/lane-module.ts'
import type { Engine } from './contender.ts'

const none: Identity['overrides'] = new Map()

useLanes(compiledLanes)

export const burgee: Engine = {
  name: 'Burgee',
  prepare: ({ document, overrides, people }) => {
    const compiled = compile(document)
    const identities = people.map(({ identifier, traits }) => ({
      identifier,
      traits: new Map(Object.entries(traits)),
    }))
    const call = (person: number) => {
      const { identifier, traits } = identities[person] as (typeof identities)[number]
      const own = overrides.get(identifier) ?? none
      return evaluate(compiled, { identifier, key: null, traits, overrides: own })
    }
    return {
      call,
      answers: async (person) =>
        new Map(
          call(person).map(({ name, value, enabled, reason }) => [
            name,
            { value, enabled, reason },
          ]),
        ),
    }
  },
}
