// Runs the kernels' table of cases (wasm/kerneltest) in this browser: on kernels.wasm, or
// with ?form=1 or ?form=2 on that form of kernels-relaxed.wasm. The program leaves its
// results in globalThis.__kerneltest.
import '/test/wasm_exec.js';

try {
  const form = Number(new URLSearchParams(location.search).get('form'));
  const { instance } = await WebAssembly.instantiateStreaming(fetch(form ? '/kernels-relaxed.wasm' : '/kernels.wasm'));
  if (form) instance.exports.form(form);
  const wrong = instance.exports.selftest();
  if (wrong !== 0) throw new Error(`self-test ${wrong}`);
  globalThis.__lodestoneKernels = { memory: instance.exports.memory };
  const go = new Go();
  const imports = { ...go.importObject, kernels: instance.exports };
  const program = await WebAssembly.instantiateStreaming(fetch('/test/kerneltest.wasm'), imports);
  await go.run(program.instance);
} catch (e) {
  globalThis.__kerneltestFailed = String(e);
}
globalThis.__kerneltestEnded = true;
