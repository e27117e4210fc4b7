/**
 * Writes `md5.wasm`: MD5 of eight messages at once, in two vectors of four whose steps alternate, so
 * that one fills the time the other waits. It is run when the module is made, never when it is used.
 */

import { WEIGHTS } from './fold.ts'
import { BLOCK_WORDS, LANES, LAYOUT } from './memory.ts'
import { SINES, START } from './steps.ts'

type Code = number[]

const HALVES = [0, 1] as const
const VECTOR_BYTES = 16
const ROW_BYTES = LANES * 4

// Local variables: the count of blocks to come is the parameter.
const blocks = 0
const at = 1
/** Registers a to d of one half. */
const register = (half: number, place: number) => 2 + half * 4 + place
/** What they were before the block. */
const before = (half: number, place: number) => 10 + half * 4 + place
const vectors = 16

function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  const low = value & 0x7f
  const rest = value >> 7
  const isLast = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)
  return isLast ? [low] : [low | 0x80, ...signed(rest)]
}

const counted = (items: Code[]): Code => [...unsigned(items.length), ...items.flat()]
const sized = (code: Code): Code => [...unsigned(code.length), ...code]
const named = (name: string): Code => sized([...name].map((letter) => letter.charCodeAt(0)))
const section = (id: number, content: Code): Code => [id, ...sized(content)]

const get = (local: number): Code => [0x20, ...unsigned(local)]
const set = (local: number): Code => [0x21, ...unsigned(local)]
const integer = (value: number): Code => [0x41, ...signed(value)]
const simd = (operation: number, ...rest: number[]): Code => [0xfd, ...unsigned(operation), ...rest]

/** Alignment is a hint; addresses are a local plus a fixed offset. */
const load = (offset: number): Code => simd(0x00, 4, ...unsigned(offset))
const loadEverywhere = (offset: number): Code => simd(0x09, 2, ...unsigned(offset))
const store = (offset: number): Code => simd(0x0b, 4, ...unsigned(offset))
const and = simd(0x4e)
const andNot = simd(0x4f)
const or = simd(0x50)
const xor = simd(0x51)
const not = simd(0x4d)
const shiftLeft = (bits: number): Code => [...integer(bits), ...simd(0xab)]
const shiftRight = (bits: number): Code => [...integer(bits), ...simd(0xad)]
const add = simd(0xae)
/** Products of 16-bit halves, added in pairs. */
const dot = simd(0xba)

const bytesOf = (words: readonly number[], width: 2 | 4): Code =>
  words.flatMap((word) => Array.from({ length: width }, (_, i) => (word >>> (8 * i)) & 0xff))
const constant = (bytes: Code): Code => simd(0x0c, ...bytes)
const everywhere = (word: number): Code => constant(bytesOf([word, word, word, word], 4))
/** Swaps the two bytes of every half. */
const swapBytes = simd(0x0d, ...Array.from({ length: VECTOR_BYTES }, (_, i) => i ^ 1))

type Round = { mix: (b: Code, c: Code, d: Code) => Code; turns: readonly number[]; word: Code }

/**
 * Each round's function is written so that `b`, known last, enters it late; the second's two parts
 * share no bit, so adding them is as good.
 */
const rounds: Round[] = [
  {
    mix: (b, c, d) => [...c, ...d, ...xor, ...b, ...and, ...d, ...xor, ...add],
    turns: [7, 12, 17, 22],
    word: [1, 0],
  },
  {
    mix: (b, c, d) => [...c, ...d, ...andNot, ...add, ...b, ...d, ...and, ...add],
    turns: [5, 9, 14, 20],
    word: [5, 1],
  },
  {
    mix: (b, c, d) => [...c, ...d, ...xor, ...b, ...xor, ...add],
    turns: [4, 11, 16, 23],
    word: [3, 5],
  },
  {
    mix: (b, c, d) => [...d, ...not, ...b, ...or, ...c, ...xor, ...add],
    turns: [6, 10, 15, 21],
    word: [7, 0],
  },
]

/** One step of both halves. The registers do not move; their roles do. */
function step(index: number): Code {
  const { mix, turns, word } = rounds[index >> 4] as Round
  const [factor = 0, offset = 0] = word
  const row = (factor * index + offset) % BLOCK_WORDS
  const bits = turns[index & 3] as number
  return HALVES.flatMap((half) => {
    const role = (place: number) => register(half, (place - index) & 3)
    const [a, b, c, d] = [role(0), role(1), role(2), role(3)]
    return [
      ...get(a),
      ...get(at),
      ...load(LAYOUT.messages + row * ROW_BYTES + half * VECTOR_BYTES),
      ...add,
      ...integer(0),
      ...loadEverywhere(LAYOUT.sines + index * 4),
      ...add,
      ...mix(get(b), get(c), get(d)),
      ...set(a),
      ...get(a),
      ...shiftLeft(bits),
      ...get(a),
      ...shiftRight(32 - bits),
      ...or,
      ...get(b),
      ...add,
      ...set(a),
    ]
  })
}

const places = [0, 1, 2, 3]
const each = (code: (half: number, place: number) => Code): Code =>
  HALVES.flatMap((half) => places.flatMap((place) => code(half, place)))

const oneBlock: Code = [
  ...each((half, place) => [...get(register(half, place)), ...set(before(half, place))]),
  ...Array.from({ length: 64 }, (_, index) => step(index)).flat(),
  ...each((half, place) => [
    ...get(register(half, place)),
    ...get(before(half, place)),
    ...add,
    ...set(register(half, place)),
  ]),
]

const loop: Code = [0x03, 0x40]
const againIf: Code = [0x0d, 0]
const end: Code = [0x0b]
const plus: Code = [0x6a]
const minus: Code = [0x6b]

const allBlocks: Code = [
  ...loop,
  ...oneBlock,
  ...[...get(at), ...integer(BLOCK_WORDS * ROW_BYTES), ...plus, ...set(at)],
  ...[...get(blocks), ...integer(1), ...minus, ...set(blocks)],
  ...[...get(blocks), ...againIf],
  ...end,
]

/** The product is of signed halves: each is brought down by 2^15, which the last addend makes good. */
const bias = 0x8000 * WEIGHTS.reduce((sum: number, weight) => sum + weight, 0)

const fold = (half: number): Code => [
  ...integer(0),
  ...everywhere(bias),
  ...places.flatMap((place) => {
    const pair = WEIGHTS.slice(2 * place, 2 * place + 2)
    return [
      ...get(register(half, place)),
      ...get(register(half, place)),
      ...swapBytes,
      ...everywhere(0x80008000),
      ...xor,
      ...constant(bytesOf([...pair, ...pair, ...pair, ...pair], 2)),
      ...dot,
      ...add,
    ]
  }),
  ...store(LAYOUT.sums + half * VECTOR_BYTES),
]

const INTEGER = 0x7f
const VECTOR = 0x7b

/** The local variables, then the code. */
const body: Code = [
  ...[2, 1, INTEGER, vectors, VECTOR],
  ...each((half, place) => [...everywhere(START[place] as number), ...set(register(half, place))]),
  ...allBlocks,
  ...HALVES.flatMap(fold),
  ...end,
]

/** The whole module: it takes the memory, and gives `hash(blocks)`. */
export function laneModule(): Uint8Array {
  const takesOneInteger = [0x60, 1, INTEGER, 0]
  const onePage = [0x02, 0x01, 1, 1]
  const aFunction = [0x00, 0]
  const sines = [0, ...integer(LAYOUT.sines), ...end, ...sized(bytesOf([...SINES], 4))]
  return Uint8Array.from([
    ...named('\0asm').slice(1),
    ...bytesOf([1], 4),
    // Types, imports, functions, exports, code and data have these numbers.
    ...section(1, counted([takesOneInteger])),
    ...section(2, counted([[...named('engine'), ...named('memory'), ...onePage]])),
    ...section(3, counted([[0]])),
    ...section(7, counted([[...named('hash'), ...aFunction]])),
    ...section(10, counted([sized(body)])),
    ...section(11, counted([sines])),
  ])
}
