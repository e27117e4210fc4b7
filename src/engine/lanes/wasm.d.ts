/** What the bundler makes of an imported `.wasm` file: the module, compiled. */
declare module '*.wasm' {
  const module: WebAssembly.Module
  // biome-ignore lint/style/noDefaultExport: this is how modules come.
  export default module
}
