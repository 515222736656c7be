// Runs the kernels' table of cases, or random calls (wasm/kerneltest), on WebGPU. ?segment=
// sets the size of a buffer of memory, ?emulate= does without the packed dot product, ?of= takes
// every of-th case, ?largest= those with no larger number, ?random= so many random calls, ?seed=.
import '/test/wasm_exec.js';
import { kernelImports } from '/test/imports.mjs';
import { openBridge } from '/test/webgpu/bridge.mjs';
import { webgpuImports } from '/test/webgpu/imports.mjs';

const query = new URLSearchParams(location.search);
const number = (name, or) => Number(query.get(name) ?? or);
try {
  const bridge = await openBridge({ segment: query.has('segment') ? number('segment') : undefined, emulate: query.has('emulate') });
  globalThis.__bridge = bridge;
  if (query.has('random')) globalThis.__kerneltestRandom = { seed: number('seed', 1), calls: number('random') };
  globalThis.__kerneltestPart = { of: number('of', 1), largest: number('largest', 1e9) };
  const { instance } = await WebAssembly.instantiateStreaming(fetch(`${query.get('dist') ?? ''}/kernels.wasm`));
  const go = new Go();
  const imports = { ...go.importObject, kernels: kernelImports(instance.exports, go), webgpu: webgpuImports(go, () => bridge) };
  const program = await WebAssembly.instantiateStreaming(fetch('/test/kerneltest.wasm'), imports);
  await go.run(program.instance);
} catch (e) {
  globalThis.__kerneltestFailed = String(e);
}
globalThis.__kerneltestEnded = true;
