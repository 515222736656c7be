// Runs the kernels' table of cases (wasm/kerneltest) in this browser: on kernels.wasm, or
// with ?form=1 to 4 on that form of kernels-relaxed.wasm (gen/linear_q8.go); 3,4 is the one of
// the two that this processor computes rightly, if there is one. The program leaves its results
// in globalThis.__kerneltest.
import '/test/wasm_exec.js';
import { kernelImports } from '/test/imports.mjs';
import { webgpuImports } from '/test/webgpu/imports.mjs';

try {
  const forms = (new URLSearchParams(location.search).get('form') ?? '0').split(',').map(Number);
  const { instance } = await WebAssembly.instantiateStreaming(fetch(forms[0] ? '/kernels-relaxed.wasm' : '/kernels.wasm'));
  const wrong = forms.map((form) => {
    if (form) instance.exports.form(form);
    return instance.exports.selftest();
  });
  const right = wrong.indexOf(0);
  if (right < 0) throw new Error(`self-test ${wrong.join()}`);
  if (forms[right]) instance.exports.form(forms[right]);
  const go = new Go();
  const imports = { ...go.importObject, kernels: kernelImports(instance.exports, go), webgpu: webgpuImports(go, () => null) };
  const program = await WebAssembly.instantiateStreaming(fetch('/test/kerneltest.wasm'), imports);
  await go.run(program.instance);
} catch (e) {
  globalThis.__kerneltestFailed = String(e);
}
globalThis.__kerneltestEnded = true;
