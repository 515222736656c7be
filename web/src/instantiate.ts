// The engine's two WebAssembly modules: the kernels first, since they own the
// memory, then the Go program, which imports them directly.
import { type GoMemory, kernelImports } from '../../kernels/simd/imports.mjs';
import { LodestoneError } from './error.js';
import { type Glue, glue } from './glue.js';
import { engineImports } from './job.js';
import type { ToWorker } from './protocol.js';
import { simdSupported } from './simd.js';
import { type KernelReport, startKernels } from './kernels.js';
import { type SharedKernels, Team, type ThreadOrder } from './team.js';
import type { ThreadReport } from './threads.js';

/** What the Go program offers; see wasm/engine. */
export interface GoEngine {
  /** A brief call has settled when it returns; see brief() in job.ts. */
  call(op: string, request: object, job: object, resolve: (v: unknown) => void, reject: (v: unknown) => void, brief: boolean): void;
}

export interface Running {
  engine: GoEngine;
  kernelMemory: WebAssembly.Memory;
  goMemory: WebAssembly.Memory;
  /** The kernels' threads; null where there is one. */
  team: Team | null;
  /** Settles when the Go program has ended, which it should not. */
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

/** What the page is told: which kernels run, and how many threads, now and whenever that changes. */
export interface Reports {
  kernels(r: KernelReport): void;
  threads(r: ThreadReport): void;
  /** An order about a kernel worker. */
  thread(order: ThreadOrder): void;
}

/** What the page sends first; tests leave out what has a default. */
type Start = Pick<ToWorker & { type: 'start' }, 'assets'> & Partial<ToWorker & { type: 'start' }>;

/** Fetches, compiles and starts both modules. */
export async function instantiate(start: Start, report: Reports): Promise<Running> {
  if (typeof WebAssembly !== 'object' || !simdSupported()) {
    throw new LodestoneError(
      'unsupported_browser',
      'engine: this browser has no WebAssembly SIMD; needed is Chrome or Edge 91, Firefox 89, Safari 16.4 or later',
    );
  }
  const { assets, threads = 1 } = start;
  const starting = startKernels(assets, threads, start.kernels ?? 'auto', start.last ?? null, start.nested ?? true, compile);
  const [kernels, engineModule] = await Promise.all([starting, compile(assets.engine)]);
  const { memory, plan } = kernels;
  report.kernels(kernels.report);
  const kernelMemory = kernels.exports['memory'] as WebAssembly.Memory;
  globalThis.__lodestoneKernels = glue(kernelMemory);

  const go = new globalThis.Go();
  // The collector runs after little garbage: Go's heap is small, never shrinks, and lies
  // beside weights that a phone has to hold as well.
  go.env = { GOGC: '50' };
  const imports: WebAssembly.Imports = { ...go.importObject, kernels: kernelImports(kernels.exports, go), engine: engineImports(go) };
  const instance = await WebAssembly.instantiate(engineModule, imports);
  const exited = go.run(instance); // runs main until it waits for requests
  const engine = globalThis.__lodestone;
  if (!engine) throw new LodestoneError('engine_missing', 'engine: engine.wasm ended at its start; it does not belong to this worker.js');
  let team: Team | null = null;
  if (memory) {
    team = new Team(kernels.exports as unknown as SharedKernels, plan, threads, report.threads, report.thread);
    team.start(kernels.module, memory);
  } else {
    report.threads(plan);
  }
  return { engine, kernelMemory, goMemory: instance.exports['mem'] as WebAssembly.Memory, team, exited };
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
