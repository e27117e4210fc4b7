/** The bundled WebAssembly module, compiled by Node where a Worker gets it from its bundler. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const laneFile = join(import.meta.dirname, '../../src/engine/lanes/md5.wasm')

/** The types are those of Workers, where nothing compiles bytes. */
type Compile = new (bytes: Uint8Array) => WebAssembly.Module

export const compiledLanes = new (WebAssembly.Module as unknown as Compile)(readFileSync(laneFile))
