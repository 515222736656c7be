// Holds golden vectors (wasm/goldentest) in this browser: on kernels.wasm, or with ?form= on
// that form of kernels-relaxed.wasm, as kernels.js does; with ?webgpu on the GPU. When globalThis.__goldenReady resolves,
// globalThis.__goldenVerify(directories, weights, dtypes) answers with the reports of each
// directory below /golden/, by dtype; weights is the name of the file of weights.
import '/test/wasm_exec.js';
import { kernelImports } from '/test/imports.mjs';
import { openBridge } from '/test/webgpu/bridge.mjs';
import { webgpuImports } from '/test/webgpu/imports.mjs';

globalThis.__goldenReady = (async () => {
  const forms = (new URLSearchParams(location.search).get('form') ?? '0').split(',').map(Number);
  const { instance } = await WebAssembly.instantiateStreaming(fetch(forms[0] ? '/kernels-relaxed.wasm' : '/kernels.wasm'));
  const wrong = forms.map((form) => {
    if (form) instance.exports.form(form);
    return instance.exports.selftest();
  });
  const right = wrong.indexOf(0);
  if (right < 0) throw new Error(`self-test ${wrong.join()}`);
  if (forms[right]) instance.exports.form(forms[right]);
  const bridge = new URLSearchParams(location.search).has('webgpu') ? await openBridge() : null;
  if (bridge) globalThis.__bridge = bridge;
  const go = new Go();
  const imports = { ...go.importObject, kernels: kernelImports(instance.exports, go), webgpu: webgpuImports(go, () => bridge) };
  const program = await WebAssembly.instantiateStreaming(fetch('/test/goldentest.wasm'), imports);
  await new Promise((resolve, reject) => {
    globalThis.__goldentestReady = resolve;
    go.run(program.instance).then(() => reject(new Error(globalThis.__goldentestFailed ?? 'goldentest ended')));
  });
})();

async function bytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

globalThis.__goldenVerify = async (directories, weights, dtypes) => {
  const reports = [];
  for (const directory of directories) {
    const files = await Promise.all(['config.json', 'io.json', weights].map((name) => bytes(`/golden/${directory}/${name}`)));
    for (const dtype of dtypes) reports.push({ directory, dtype, ...JSON.parse(await globalThis.__goldentest(...files, dtype)) });
  }
  return reports;
};
