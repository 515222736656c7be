// Starts the engine's two WebAssembly modules: first the kernels, which own the memory, then
// the Go program, which imports them.
import { type GoMemory, kernelImports } from '../../../kernels/simd/imports.mjs';
import { webgpuImports } from '../../../kernels/webgpu/imports.mjs';
import type { DeviceReport } from '../protocol/device.js';
import { LodestoneError } from '../protocol/error.js';
import type { KernelReport } from '../protocol/kernels.js';
import type { StartMessage } from '../protocol/messages.js';
import type { ThreadOrder } from '../protocol/thread-orders.js';
import type { ThreadReport } from '../protocol/threads.js';
import { compile } from './compile.js';
import { type Glue, glue } from './glue.js';
import { engineImports, type GoEngine } from './job.js';
import { startKernels } from './kernels.js';
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
