// Which kernel module runs, and with which memory: what the browser accepts, computes
// rightly and runs fastest (kernels/simd/choose.mjs).
import { chooseKernels, relaxedSupported, type Variant } from '../../kernels/simd/choose.mjs';
import { LodestoneError } from './error.js';
import type { Assets } from './protocol.js';
import { planThreads, sharedMemory, type ThreadReport, type Threads } from './threads.js';

export { relaxedSupported, type Variant };

/** Which kernels to run: `auto` is the fastest that computes rightly here. */
export type Kernels = 'auto' | Variant;

/** The kernels that run, and why not better ones. */
export interface KernelReport {
  name: Variant;
  reason: string;
  /** Whether a clock decided, so that the choice is worth remembering. */
  timed: boolean;
}

export interface StartedKernels {
  module: WebAssembly.Module;
  exports: WebAssembly.Exports;
  /** A memory for threads, or null where the module has its own. */
  memory: WebAssembly.Memory | null;
  plan: ThreadReport;
  report: KernelReport;
}

/** Starts the kernels: with a memory for threads where there may be some, or else with one of their own. */
export async function startKernels(
  assets: Assets,
  threads: Threads,
  kernels: Kernels,
  last: Variant | null,
  nested: boolean,
  compile: (url: string) => Promise<WebAssembly.Module>,
): Promise<StartedKernels> {
  let plan = planThreads(threads, nested);
  if (plan.threads > 1) {
    const memory = sharedMemory();
    if (!memory) {
      plan = { threads: 1, reason: 'one thread: this browser gives no shared memory' };
    } else {
      try {
        return { ...(await choose(assets.sharedKernels, kernels, last, compile, { env: { memory } })), memory, plan };
      } catch (e) {
        plan = { threads: 1, reason: `one thread: ${e instanceof Error ? e.message : String(e)}` };
      }
    }
  }
  return { ...(await choose(assets.kernels, kernels, last, compile, {})), memory: null, plan };
}

async function choose(
  urls: Assets['kernels'],
  kernels: Kernels,
  last: Variant | null,
  compile: (url: string) => Promise<WebAssembly.Module>,
  imports: WebAssembly.Imports,
) {
  const force = kernels === 'auto' ? undefined : kernels;
  let failure: unknown; // of fetching or compiling, which has a sentence of its own
  const file = (name: string): Promise<WebAssembly.Module> =>
    compile(name === 'relaxed.wasm' ? urls.relaxed : urls.simd128).catch((e: unknown) => {
      failure = e;
      throw e;
    });
  try {
    const { module, exports, name, reason, timed } = await chooseKernels(file, force, imports, last ?? undefined);
    const why = reason || (force ? `${name} was asked for` : name === 'simd128' ? '' : 'chosen by its speed here');
    return { module, exports, report: { name, reason: why, timed } };
  } catch (e) {
    if (failure !== undefined) throw failure;
    throw new LodestoneError('unsupported_browser', e instanceof Error ? e.message : String(e));
  }
}
