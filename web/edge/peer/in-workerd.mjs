// Tries transformers.js over onnxruntime-web in workerd: node web/edge/peer/in-workerd.mjs
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writePeerModel } from '../../bench/peer-model.mjs';
import { startWorkerd } from '../workerd.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.resolve(here, '../../bench/node_modules');

/** What the worker answers, or why it does not start. */
export async function tryInWorkerd() {
  const dist = await mkdtemp(path.join(os.tmpdir(), 'lodestone-edge-'));
  try {
    await build({
      entryPoints: [path.join(here, 'worker.mjs')],
      outfile: path.join(dist, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      // The build with its JavaScript inside; the others import that from an address.
      alias: {
        'onnxruntime-web/webgpu': path.join(packages, 'onnxruntime-web/dist/ort.wasm.bundle.min.mjs'),
        'onnxruntime-web': path.join(packages, 'onnxruntime-web/dist/ort.wasm.bundle.min.mjs'),
        '@huggingface/transformers': path.join(packages, '@huggingface/transformers/dist/transformers.web.js'),
      },
      nodePaths: [packages],
      define: { process: 'undefined' }, // workerd has one, and the package would look for onnxruntime-node
      logLevel: 'error',
    });
    await mkdir(path.join(dist, 'assets'), { recursive: true });
    writePeerModel(path.resolve(here, '../../../weights/prompt-magneto-en-de-fr'), path.join(dist, 'assets/model'), 'magneto', ['q8']);
    await cp(path.join(packages, 'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'), path.join(dist, 'assets/onnxruntime.wasm'));
    let log = '';
    let w;
    try {
      w = await startWorkerd({ address: '127.0.0.1:0', dist, modules: [], stdio: 'pipe', log: (part) => (log += part) });
      return (await (await fetch(w.url)).text()).trim();
    } catch (e) {
      return `${e.message}: ${log.trim()}`;
    } finally {
      w?.child.kill('SIGKILL');
    }
  } finally {
    await rm(dist, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await tryInWorkerd());
