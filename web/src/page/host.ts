// What differs between the runtimes of the page's side. This file is for browsers; the build
// for Node.js takes node/host.ts in its place, which has the same exports.
import { LodestoneError } from '../protocol/error.js';
import type { ModuleFile } from './module-file.js';
import { type ScriptURLPolicy, trustedWorker } from './trusted-types.js';

// Bundlers look for exactly this form. They emit each file and rewrite its address. Nothing is
// evaluated at import: a module that was imported from a blob: address has no folder.
const FILES: Record<ModuleFile, () => URL> = {
  'worker.js': () => new URL('./worker.js', import.meta.url),
  'engine.wasm.gz': () => new URL('./engine.wasm.gz', import.meta.url),
  'kernels.wasm': () => new URL('./kernels.wasm', import.meta.url),
  'kernels-relaxed.wasm': () => new URL('./kernels-relaxed.wasm', import.meta.url),
  'kernels-shared.wasm': () => new URL('./kernels-shared.wasm', import.meta.url),
  'kernels-relaxed-shared.wasm': () => new URL('./kernels-relaxed-shared.wasm', import.meta.url),
  'webgpu.js': () => new URL('./webgpu.js', import.meta.url),
  'engine.js': () => new URL('./engine.js', import.meta.url),
  'chat.wasm.gz': () => new URL('./chat.wasm.gz', import.meta.url),
  'vectors.js': () => new URL('./vectors.js', import.meta.url),
};

/** The address of a file beside this module; undefined if this module has no folder. */
export function moduleFile(file: ModuleFile): URL | undefined {
  try {
    return FILES[file]();
  } catch {
    return undefined;
  }
}

/** What relative addresses are relative to. */
export function baseAddress(): string | undefined {
  return typeof document !== 'undefined' ? document.baseURI : typeof location !== 'undefined' ? location.href : undefined;
}

/** The schemes of model folders, for messages. */
export const SCHEMES = 'http: or https:';

/** Whether a worker can fetch a file of this address. */
export function fetches({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:' || protocol.endsWith('-extension:');
}

/** Whether workers can share memory. */
export function sharesMemory(): boolean {
  return typeof crossOriginIsolated === 'boolean' && crossOriginIsolated;
}

/** Where a choice is kept for the next visit. It throws if the browser denies it. */
export function storage(): Storage | null {
  return typeof localStorage === 'object' ? localStorage : null;
}

/** Whether a Web Lock tells that a worker has ended: no event does in a page. */
export const LOCKS: boolean = true;

/** Keeps the process running while a call is under way. A page needs nothing for it. */
export function keepRunning(_worker: Worker, _call: boolean): void {}

/** Throws if this runtime has no workers. */
export function requireWorkers(): void {
  if (typeof Worker === 'undefined') {
    const name = (globalThis.constructor as { name?: string } | undefined)?.name ?? '';
    const kind = { ServiceWorkerGlobalScope: 'a service worker', SharedWorkerGlobalScope: 'a shared worker' }[name];
    throw new LodestoneError(
      'unsupported_browser',
      kind
        ? `engine: ${kind} cannot start workers; load the model in a page or a dedicated worker, and send it messages`
        : 'engine: this runtime has no web workers; models load in a page or in Node.js, Deno or Bun',
    );
  }
}

/** Sends the requests of an engine in the page. */
export function send(url: string, init?: RequestInit): Promise<Response> {
  return fetch(url, init);
}

/** Starts a worker with the script worker.js. */
export function startWorker(url: URL, name: 'lodestone' | 'lodestone-kernels' | 'lodestone-vectors', policy: ScriptURLPolicy | null): Worker {
  const ours = typeof location === 'undefined' || (url.protocol === location.protocol && url.host === location.host);
  if (ours) return trustedWorker(url.href, { type: 'module', name }, policy);
  // Browsers start no script of another origin, but a script of the page's own may import one.
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
  const worker = trustedWorker(script, { type: 'module', name }, policy);
  const revoke = (): void => URL.revokeObjectURL(script);
  worker.addEventListener('message', revoke, { once: true });
  worker.addEventListener('error', revoke, { once: true });
  return worker;
}
