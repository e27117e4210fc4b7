/** What the bundler makes of an imported `.wasm` file: the module, compiled. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  export default module
}
