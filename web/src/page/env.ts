// Where files are. Importing this reads nothing of the browser, so that a server can import it.
import { baseAddress, fetches, moduleFile, SCHEMES } from './host.js';
import type { ModuleFile } from './module-file.js';
import type { ScriptURLPolicy } from './trusted-types.js';
import { invalid } from './validate.js';

/** Settings of the whole module. Change them before you load the first model. */
export const env: {
  /**
   * The address of the folder that holds worker.js, engine.wasm.gz, kernels*.wasm and
   * models/. Empty is the folder of this module. A folder of another origin needs CORS
   * headers, and a policy that allows it: see web/README.md.
   */
  assetsPath: string;
  /**
   * The policy that makes the address of the worker's script on a page with Trusted Types.
   * null makes one named `lodestone`.
   */
  trustedTypesPolicy: ScriptURLPolicy | null;
} = { assetsPath: '', trustedTypesPolicy: null };

/**
 * The model that ships with this module: sentence vectors for English, German and French.
 * Its folder lies beside the engine.
 */
export const DEFAULT_MODEL = 'models/prompt-magneto-en-de-fr/';

function resolve(path: string, base: string | undefined, what: string): URL {
  try {
    return new URL(path, base);
  } catch {
    throw invalid(`${what}: ${JSON.stringify(path)} is not a valid address`);
  }
}

/** The address of a file of the engine. */
export function assetURL(file: ModuleFile): URL {
  if (typeof env.assetsPath !== 'string') throw invalid('env.assetsPath: expected a string');
  // A module without a folder, as one of a blob: address, takes its files from beside the page.
  if (env.assetsPath === '') return moduleFile(file) ?? resolve(file, baseAddress(), 'asset');
  const folder = env.assetsPath.endsWith('/') ? env.assetsPath : `${env.assetsPath}/`;
  return resolve(file, resolve(folder, baseAddress(), 'env.assetsPath').href, 'asset');
}

/** The address of a model folder. Its path ends with a slash; a query is kept. */
export function modelURL(model: unknown): string {
  if (typeof model !== 'string' || model === '') {
    throw invalid('model: expected the address of a folder that holds config.json, tokenizer.json and model.safetensors');
  }
  const url = model === DEFAULT_MODEL ? new URL(DEFAULT_MODEL, assetURL('engine.wasm.gz')) : resolve(model, baseAddress(), 'model');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.hash = '';
  if (!fetches(url)) {
    throw invalid(`model: ${JSON.stringify(model)} has the scheme ${url.protocol}, expected ${SCHEMES}`);
  }
  return url.href;
}
