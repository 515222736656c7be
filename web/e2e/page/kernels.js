// Runs the kernels' table of cases (wasm/kerneltest) on kernels.wasm in this browser.
// The program leaves its results in globalThis.__kerneltest.
import '/test/wasm_exec.js';

try {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('/kernels.wasm'));
  globalThis.__lodestoneKernels = { memory: instance.exports.memory };
  const go = new Go();
  const imports = { ...go.importObject, kernels: instance.exports };
  const program = await WebAssembly.instantiateStreaming(fetch('/test/kerneltest.wasm'), imports);
  await go.run(program.instance);
} catch (e) {
  globalThis.__kerneltestFailed = String(e);
}
globalThis.__kerneltestEnded = true;
