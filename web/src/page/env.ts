// Settings of the whole module, and where its own files are. Importing this reads nothing of
// the browser, so that a server can import it.
import type { Assets } from '../protocol/messages.js';
import { baseAddress, moduleFile } from './host.js';
import type { ModuleFile } from './module-file.js';
import type { ScriptURLPolicy } from './trusted-types.js';
import { has, invalid, nearest } from './validate.js';

/** The settings of {@link env}. The names of models are those of transformers.js. */
export interface Env {
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
  /** What relative addresses of models and assets are relative to. Empty is the page. */
  baseURL: string;
  /** True (the default) fetches a model id, such as 'sentence-transformers/all-MiniLM-L6-v2', from remoteHost. */
  allowRemoteModels: boolean;
  /** True tries localModelPath first for a model id. False by default, as transformers.js has it in a page. */
  allowLocalModels: boolean;
  /** The folder of local models; the id is appended to it. */
  localModelPath: string;
  /** The host of remote models. Nothing is requested from it unless a model id is loaded. */
  remoteHost: string;
  /** The path of a remote model's files below remoteHost, with {model} and {revision}. */
  remotePathTemplate: string;
}

const settings: Env = {
  assetsPath: '',
  trustedTypesPolicy: null,
  baseURL: '',
  allowRemoteModels: true,
  allowLocalModels: false,
  localModelPath: '/models/',
  remoteHost: 'https://huggingface.co/',
  remotePathTemplate: '{model}/resolve/{revision}/',
};

const STORED = "the browser's storage keeps models; set the option cache where you load a model";

/** Settings of transformers.js that have no place here, and what takes it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  backends: 'there is no ONNX runtime; set the options threads and kernels where you load a model',
  useBrowserCache: STORED,
  useWasmCache: STORED,
  useCustomCache: STORED,
  customCache: STORED,
  cacheKey: STORED,
  cacheDir: STORED,
  useFS: 'files come from addresses, or from files that you pass as the model',
  useFSCache: STORED,
  fetch: 'pass the files themselves as the model, or a token for the header',
  logLevel: 'nothing is logged; errors are thrown',
};

function unknown(name: string): Error {
  const names = Object.keys(settings);
  return invalid(`env.${name} is not known; known: ${names.join(', ')}; ${ELSEWHERE[name] ?? `did you mean "${nearest(name, names)}"?`}`, { option: name });
}

/** Settings of the whole module. Change them before you load the first model. An unknown name is refused. */
export const env: Env = /* @__PURE__ */ new Proxy(settings, {
  get(target, name) {
    if (name === 'backends') throw unknown(name); // env.backends.onnx.… would fail without a reason
    return Reflect.get(target, name);
  },
  set(target, name, value: unknown) {
    if (typeof name !== 'string' || !has(target, name)) throw unknown(String(name));
    const type = typeof target[name as keyof Env];
    if (typeof value !== type) throw invalid(`env.${name}: ${String(value)}, expected ${type === 'object' ? 'a policy or null' : `a ${type}`}`);
    return Reflect.set(target, name, value);
  },
});

/**
 * The model that ships with this module: sentence vectors for English, German and French.
 * Its folder lies beside the engine.
 */
export const DEFAULT_MODEL = 'models/prompt-magneto-en-de-fr/';

/** What relative addresses are relative to; undefined if there is nothing. */
function base(): string | undefined {
  return env.baseURL !== '' ? env.baseURL : baseAddress();
}

/** An address, or null if it is none. */
function parse(path: string, from: string | undefined): URL | null {
  try {
    return new URL(path, from);
  } catch {
    return null;
  }
}

/** An address relative to the page or env.baseURL. `what` names it in errors. */
export function resolve(path: string, what: string, from: string | undefined = base()): URL {
  const url = parse(path, from);
  if (url) return url;
  const shown = JSON.stringify(path.replace(/[?#].*$/s, '?…'));
  if (parse(path, 'https://example.org/')) {
    throw invalid(`${what}: ${shown} is a relative address, and ${from ? `${from.slice(0, 40)} is no base for one` : 'there is no page that it could be relative to'}; give an absolute address, or set env.baseURL`);
  }
  throw invalid(`${what}: ${shown} is not a valid address`);
}

/** The address of a file of the engine. */
export function assetURL(file: ModuleFile): URL {
  // A module without a folder, as one of a blob: address, takes its files from beside the page.
  if (env.assetsPath === '') return moduleFile(file) ?? resolve(file, 'asset');
  const folder = env.assetsPath.endsWith('/') ? env.assetsPath : `${env.assetsPath}/`;
  return resolve(file, 'asset', resolve(folder, 'env.assetsPath').href);
}

/** The addresses of the engine's files. */
export function engineAssets(): Assets {
  return {
    engine: assetURL('engine.wasm.gz').href,
    chat: assetURL('chat.wasm.gz').href,
    webgpu: assetURL('webgpu.js').href,
    kernels: { simd128: assetURL('kernels.wasm').href, relaxed: assetURL('kernels-relaxed.wasm').href },
    sharedKernels: { simd128: assetURL('kernels-shared.wasm').href, relaxed: assetURL('kernels-relaxed-shared.wasm').href },
  };
}
