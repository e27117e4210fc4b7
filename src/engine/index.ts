/** The engine's front door; nothing outside this folder imports its other files, documents apart. */

export { type Compiled, compile } from './compile.ts'
export { evaluate, evaluateFeature, matchingSegments } from './evaluate.ts'
export { useLanes } from './lanes/hash.ts'
export {
  compositeKey,
  type Evaluable,
  type Flag,
  type Identity,
  type Origin,
  type TraitValue,
} from './model.ts'
