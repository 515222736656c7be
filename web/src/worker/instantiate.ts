// Starts the engine's two WebAssembly modules: first the kernels, which own the memory, then
// the Go program, which imports them.
import { type GoMemory, kernelImports } from '../../../kernels/simd/imports.mjs';
import { webgpuImports } from '../../../kernels/webgpu/imports.mjs';
import type { DeviceReport } from '../protocol/device.js';
import { build, otherBuild, SECTION } from '../protocol/build.js';
import { LodestoneError } from '../protocol/error.js';
import type { KernelReport } from '../protocol/kernels.js';
import type { StartMessage } from '../protocol/messages.js';
import type { ThreadOrder } from '../protocol/thread-orders.js';
import type { ThreadReport } from '../protocol/threads.js';
import { type Glue, glue } from './glue.js';
import { engineImports, type GoEngine } from './job.js';
import { startKernels } from './kernels.js';
import { request } from './net.js';
import { clock, Stalled, within } from './patience.js';
import { blockedByPolicy } from './policy.js';
import { type SharedKernels, ThreadPool } from './thread-pool.js';
import { Gpu } from './webgpu.js';

export interface Running {
  engine: GoEngine;
  kernelMemory: WebAssembly.Memory;
  goMemory: WebAssembly.Memory;
  /** The kernels' threads; null without shared memory. */
  threads: ThreadPool | null;
  gpu: Gpu;
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

/** Callbacks with the reports for the page: the kernels, the device, and the threads now and after each change. */
export interface Reports {
  device(r: DeviceReport): void;
  /** The GPU was lost. */
  lost(e: LodestoneError): void;
  kernels(r: KernelReport): void;
  threads(r: ThreadReport): void;
  /** An order about a kernel worker. */
  thread(order: ThreadOrder): void;
}

/** Fetches, compiles and starts both modules. */
export async function instantiate(start: StartMessage, report: Reports): Promise<Running> {
  const get = (url: string): Promise<WebAssembly.Module> => compile(url, start.stallTimeout);
  const [kernels, engineModule] = await Promise.all([startKernels(start, get), get(start.assets.engine)]);
  const { memory, plan } = kernels;
  report.kernels(kernels.report);
  const kernelMemory = kernels.exports['memory'] as WebAssembly.Memory;
  globalThis.__lodestoneKernels = glue(kernelMemory);

  const go = new globalThis.Go();
  // The garbage collector runs early, since Go's memory never shrinks and a phone has to hold
  // the weights as well.
  go.env = { GOGC: '50' };
  const gpu = new Gpu(start.device, start.assets.webgpu, report.device, report.lost);
  const imports: WebAssembly.Imports = { ...go.importObject, kernels: kernelImports(kernels.exports, go), engine: engineImports(go), webgpu: webgpuImports(go, () => gpu.bridge) };
  const instance = await WebAssembly.instantiate(engineModule, imports);
  const exited = go.run(instance); // runs main until it waits for requests
  const program = globalThis.__lodestone;
  if (!program) throw new LodestoneError('engine_missing', 'engine: engine.wasm.gz ended at its start; it belongs to another release than worker.js');
  // A GPU answers through the event loop: then no call is brief.
  const engine: GoEngine = { call: (op, request, job, resolve, reject, brief) => program.call(op, request, job, resolve, reject, brief && gpu.bridge === null) };
  let threads: ThreadPool | null = null;
  if (memory) {
    threads = new ThreadPool(kernels.exports as unknown as SharedKernels, plan, report.threads, report.thread);
    threads.start(kernels.module, memory);
  } else {
    report.threads(plan);
  }
  return { engine, kernelMemory, goMemory: instance.exports['mem'] as WebAssembly.Memory, threads, gpu, exited };
}

/** How many stall timeouts a whole file of the engine may take: a browser that compiles while it fetches does not say how much has come. */
const WHOLE = 4;

/** Fetches and compiles a module of this build. */
export async function compile(url: string, stallTimeout: number): Promise<WebAssembly.Module> {
  const sent = new AbortController();
  const missing = (why: string, details = {}): LodestoneError => {
    sent.abort();
    return new LodestoneError('engine_missing', `engine: ${why}`, { url, ...details });
  };
  const beside = 'the file belongs next to worker.js, see env.assetsPath';
  const slow = (ms: number): LodestoneError => missing(`${url} did not come within ${ms / 1000} seconds; check the server and the connection`);
  let r: Response;
  try {
    r = await within(request(url, { signal: sent.signal }), stallTimeout, clock);
  } catch (e) {
    if (e instanceof Stalled) throw slow(stallTimeout);
    const policy = await blockedByPolicy(url);
    throw missing(policy === '' ? `no response for ${url}; ${beside}` : `the Content-Security-Policy of worker.js forbids ${url}; add 'self' to ${policy}`);
  }
  if (!r.ok) throw missing(`status ${r.status} for ${url}; ${beside}`, { status: r.status });
  let module: WebAssembly.Module;
  try {
    module = await within(wasmResponse(url, r).then((w) => WebAssembly.compileStreaming(w)), WHOLE * stallTimeout, clock);
  } catch (e) {
    if (e instanceof Stalled) throw slow(WHOLE * stallTimeout);
    const text = e instanceof Error ? e.message : String(e);
    const csp = /content security policy|unsafe-eval|blocked by csp/i.test(text);
    throw missing(
      csp
        ? "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src"
        : `this browser cannot compile ${url} (${text}); serve the file of this release`,
    );
  }
  const [id] = WebAssembly.Module.customSections(module, SECTION);
  const found = id && new TextDecoder().decode(id);
  if (found !== build) throw missing(`${url}: ${otherBuild(found)}`);
  return module;
}

/**
 * A response as compileStreaming takes it. A server may have decompressed the file already,
 * and may send it with any type: its first bytes say what it is.
 */
async function wasmResponse(url: string, r: Response): Promise<Response> {
  const packed = new URL(url).pathname.endsWith('.gz');
  if (!r.body || (!packed && /^application\/wasm\s*(;|$)/i.test(r.headers.get('content-type') ?? ''))) return r;
  const reader = r.body.getReader();
  const first = await reader.read();
  let bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (c) => (first.done ? c.close() : c.enqueue(first.value)),
    pull: async (c) => {
      const { done, value } = await reader.read();
      if (done) c.close();
      else c.enqueue(value);
    },
    cancel: (why) => reader.cancel(why),
  });
  if (first.value?.[0] === 0x1f) bytes = bytes.pipeThrough(new DecompressionStream('gzip'));
  return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
}
