// Where files are. Importing this reads nothing of the browser, so that a server can import it.
import { invalid } from './validate.js';

/** Settings of the whole module. Change them before you load the first model. */
export const env: {
  /**
   * The address of the folder that holds worker.js, engine.wasm, kernels*.wasm and
   * models/. Empty is the folder of this module. The folder must have the page's own
   * origin, since browsers start no worker of another origin.
   */
  assetsPath: string;
} = { assetsPath: '' };

const BUNDLED = 'models/prompt-magneto-en-de-fr/';

// Some bundlers leave import.meta.url undefined. Addresses are then relative to the page.
const here: string | undefined = import.meta.url;

/** The model that ships with this module: sentence vectors for English, German and French. */
export const DEFAULT_MODEL: string = here ? new URL(BUNDLED, here).href : BUNDLED;

function documentBase(): string | undefined {
  return typeof document !== 'undefined' ? document.baseURI : typeof location !== 'undefined' ? location.href : undefined;
}

function resolve(path: string, base: string | undefined, what: string): URL {
  try {
    return new URL(path, base);
  } catch {
    throw invalid(`${what}: ${JSON.stringify(path)} is not a valid address`);
  }
}

/** The address of a file of the engine. */
export function assetURL(file: string): URL {
  if (typeof env.assetsPath !== 'string') throw invalid('env.assetsPath: expected a string');
  if (env.assetsPath === '') return resolve(file, here ?? documentBase(), 'asset');
  const folder = env.assetsPath.endsWith('/') ? env.assetsPath : `${env.assetsPath}/`;
  return resolve(file, resolve(folder, documentBase(), 'env.assetsPath').href, 'asset');
}

/** What to report of a worker that has a problem, with the reason as far as the browser states it. */
export function workerProblem(url: string, what: string, why: string): string {
  return `the worker ${url} ${what} (${why || 'no reason given'}); the file must exist, have the page's own origin, and be allowed by worker-src`;
}

/** The address of a model folder. Its path ends with a slash; a query is kept. */
export function modelURL(model: unknown): string {
  if (typeof model !== 'string' || model === '') {
    throw invalid('model: expected the address of a folder that holds config.json, tokenizer.json and model.safetensors');
  }
  if (model === DEFAULT_MODEL) return assetURL(BUNDLED).href;
  const url = resolve(model, documentBase(), 'model');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.hash = '';
  if (url.protocol !== 'http:' && url.protocol !== 'https:' && !url.protocol.endsWith('-extension:')) {
    throw invalid(`model: ${JSON.stringify(model)} has the scheme ${url.protocol}, expected http: or https:`);
  }
  return url.href;
}
