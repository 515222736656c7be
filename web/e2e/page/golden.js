// Holds golden vectors (wasm/goldentest) in this browser: on kernels.wasm, or with ?form=1
// or ?form=2 on that form of kernels-relaxed.wasm. When globalThis.__goldenReady resolves,
// globalThis.__goldenVerify(directories, weights, dtypes) answers with the reports of each
// directory below /golden/, by dtype; weights is the name of the file of weights.
import '/test/wasm_exec.js';

globalThis.__goldenReady = (async () => {
  const form = Number(new URLSearchParams(location.search).get('form'));
  const { instance } = await WebAssembly.instantiateStreaming(fetch(form ? '/kernels-relaxed.wasm' : '/kernels.wasm'));
  if (form) instance.exports.form(form);
  const wrong = instance.exports.selftest();
  if (wrong !== 0) throw new Error(`self-test ${wrong}`);
  globalThis.__lodestoneKernels = { memory: instance.exports.memory };
  const go = new Go();
  const imports = { ...go.importObject, kernels: instance.exports };
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
    for (const dtype of dtypes) reports.push({ directory, dtype, ...JSON.parse(globalThis.__goldentest(...files, dtype)) });
  }
  return reports;
};
