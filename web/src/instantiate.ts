// The engine's two WebAssembly modules: the kernels first, since they own the
// memory, then the Go program, which imports them directly.
import { LodestoneError } from './error.js';
import type { Assets } from './protocol.js';
import { simdSupported } from './simd.js';

/** What the Go program offers; see wasm/engine. */
export interface GoEngine {
  call(op: string, request: object, job: object, resolve: (v: unknown) => void, reject: (v: unknown) => void): void;
}

export interface Running {
  engine: GoEngine;
  kernelMemory: WebAssembly.Memory;
  goMemory: WebAssembly.Memory;
  /** Settles when the Go program has ended, which it should not. */
  exited: Promise<void>;
}

interface GoRuntime {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

declare global {
  var Go: new () => GoRuntime;
  var __lodestone: GoEngine | undefined;
  var __lodestoneKernels: { memory: WebAssembly.Memory } | undefined;
}

/** Fetches, compiles and starts both modules. */
export async function instantiate(assets: Assets): Promise<Running> {
  if (typeof WebAssembly !== 'object' || !simdSupported()) {
    throw new LodestoneError(
      'unsupported_browser',
      'engine: this browser has no WebAssembly SIMD; needed is Chrome or Edge 91, Firefox 89, Safari 16.4 or later',
    );
  }
  const [kernelModule, engineModule] = await Promise.all([compile(assets.kernels), compile(assets.engine)]);
  const kernels = await WebAssembly.instantiate(kernelModule, {});
  const kernelMemory = kernels.exports['memory'] as WebAssembly.Memory;
  globalThis.__lodestoneKernels = { memory: kernelMemory };

  const go = new globalThis.Go();
  const imports = { ...go.importObject, kernels: kernels.exports } as WebAssembly.Imports;
  const instance = await WebAssembly.instantiate(engineModule, imports);
  const exited = go.run(instance); // runs main until it waits for requests
  const engine = globalThis.__lodestone;
  if (!engine) throw new LodestoneError('engine_missing', 'engine: engine.wasm ended at its start; it does not belong to this worker.js');
  return { engine, kernelMemory, goMemory: instance.exports['mem'] as WebAssembly.Memory, exited };
}

async function compile(url: string): Promise<WebAssembly.Module> {
  let r: Response;
  try {
    r = await fetch(url);
  } catch {
    throw new LodestoneError('engine_missing', `engine: no answer for ${url}; the file belongs next to worker.js, see env.assetsPath`, { url });
  }
  if (!r.ok) {
    throw new LodestoneError('engine_missing', `engine: status ${r.status} for ${url}; the file belongs next to worker.js, see env.assetsPath`, {
      url,
      status: r.status,
    });
  }
  try {
    if (/^application\/wasm\s*(;|$)/i.test(r.headers.get('content-type') ?? '')) return await WebAssembly.compileStreaming(r);
    // A server that does not know .wasm: compile from the whole file.
    return await WebAssembly.compile(await r.arrayBuffer());
  } catch (e) {
    const text = e instanceof Error ? e.message : String(e);
    const csp = /content security policy|unsafe-eval/i.test(text);
    throw new LodestoneError(
      'engine_missing',
      csp
        ? "engine: the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src"
        : `engine: ${url} is not a WebAssembly module that this browser compiles (${text}); serve the file of this release`,
      { url },
    );
  }
}
