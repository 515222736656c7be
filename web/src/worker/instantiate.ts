// Starts the engine's two WebAssembly modules: first the kernels, which own the memory, then
// the Go program, which imports them.
import { type GoMemory, kernelImports } from '../../../kernels/simd/imports.mjs';
import { LodestoneError } from '../protocol/error.js';
import type { KernelReport } from '../protocol/kernels.js';
import type { StartMessage } from '../protocol/messages.js';
import type { ThreadOrder, ThreadReport } from '../protocol/threads.js';
import { type Glue, glue } from './glue.js';
import { engineImports, type GoEngine } from './job.js';
import { startKernels } from './kernels.js';
import { blockedByPolicy } from './policy.js';
import { type SharedKernels, ThreadPool } from './thread-pool.js';

export interface Running {
  engine: GoEngine;
  kernelMemory: WebAssembly.Memory;
  goMemory: WebAssembly.Memory;
  /** The kernels' threads; null without shared memory. */
  threads: ThreadPool | null;
  /** Settles if the Go program ends, which it should not. */
  exited: Promise<void>;
}

interface GoRuntime extends GoMemory {
  env: Record<string, string>;
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

declare global {
  var Go: new () => GoRuntime;
  var __lodestone: GoEngine | undefined;
  var __lodestoneKernels: Glue | undefined;
}

/** Callbacks with the reports for the page: the kernels, and the threads now and after each change. */
export interface Reports {
  kernels(r: KernelReport): void;
  threads(r: ThreadReport): void;
  /** An order about a kernel worker. */
  thread(order: ThreadOrder): void;
}

/** Fetches, compiles and starts both modules. */
export async function instantiate(start: StartMessage, report: Reports): Promise<Running> {
  const [kernels, engineModule] = await Promise.all([startKernels(start, compile), compile(start.assets.engine)]);
  const { memory, plan } = kernels;
  report.kernels(kernels.report);
  const kernelMemory = kernels.exports['memory'] as WebAssembly.Memory;
  globalThis.__lodestoneKernels = glue(kernelMemory);

  const go = new globalThis.Go();
  // The garbage collector runs early, since Go's memory never shrinks and a phone has to hold
  // the weights as well.
  go.env = { GOGC: '50' };
  const imports: WebAssembly.Imports = { ...go.importObject, kernels: kernelImports(kernels.exports, go), engine: engineImports(go) };
  const instance = await WebAssembly.instantiate(engineModule, imports);
  const exited = go.run(instance); // runs main until it waits for requests
  const engine = globalThis.__lodestone;
  if (!engine) throw new LodestoneError('engine_missing', 'engine: engine.wasm ended at its start; it belongs to another release than worker.js');
  let threads: ThreadPool | null = null;
  if (memory) {
    threads = new ThreadPool(kernels.exports as unknown as SharedKernels, plan, report.threads, report.thread);
    threads.start(kernels.module, memory);
  } else {
    report.threads(plan);
  }
  return { engine, kernelMemory, goMemory: instance.exports['mem'] as WebAssembly.Memory, threads, exited };
}

/** Fetches and compiles a module. */
export async function compile(url: string): Promise<WebAssembly.Module> {
  let r: Response;
  try {
    r = await fetch(url);
  } catch {
    const policy = await blockedByPolicy(url);
    throw new LodestoneError(
      'engine_missing',
      policy === ''
        ? `engine: no response for ${url}; the file belongs next to worker.js, see env.assetsPath`
        : `engine: the Content-Security-Policy of worker.js forbids ${url}; add 'self' to ${policy}`,
      { url },
    );
  }
  if (!r.ok) {
    throw new LodestoneError('engine_missing', `engine: status ${r.status} for ${url}; the file belongs next to worker.js, see env.assetsPath`, {
      url,
      status: r.status,
    });
  }
  try {
    if (/^application\/wasm\s*(;|$)/i.test(r.headers.get('content-type') ?? '')) return await WebAssembly.compileStreaming(r);
    // The server sends another type for .wasm: compile the whole file.
    return await WebAssembly.compile(await r.arrayBuffer());
  } catch (e) {
    const text = e instanceof Error ? e.message : String(e);
    const csp = /content security policy|unsafe-eval|blocked by csp/i.test(text);
    throw new LodestoneError(
      'engine_missing',
      csp
        ? "engine: the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src"
        : `engine: this browser cannot compile ${url} (${text}); serve the file of this release`,
      { url },
    );
  }
}
