// Starts the kernels: the module and the form of it that the browser accepts, computes
// correctly and runs fastest (kernels/simd/choose.mjs), with a memory for threads if it can.
import { chooseKernels } from '../../../kernels/simd/choose.mjs';
import { LodestoneError } from '../protocol/error.js';
import type { KernelReport } from '../protocol/kernels.js';
import type { Assets, StartMessage } from '../protocol/messages.js';
import type { ThreadPlan } from '../protocol/threads.js';

type Compile = (url: string) => Promise<WebAssembly.Module>;

export interface StartedKernels {
  module: WebAssembly.Module;
  exports: WebAssembly.Exports;
  /** A memory that threads share; null if the module has its own. */
  memory: WebAssembly.Memory | null;
  plan: ThreadPlan;
  report: KernelReport;
}

/** Starts the kernels with a shared memory for the planned threads, or else with one thread. */
export async function startKernels(start: StartMessage, compile: Compile): Promise<StartedKernels> {
  const { assets } = start;
  let plan = start.threads;
  if (plan.threads > 1) {
    const one = (reason: string): ThreadPlan => ({ ...plan, threads: 1, reason: `one thread: ${reason}` });
    const memory = sharedMemory();
    if (!memory) {
      plan = one('this browser provides no shared memory');
    } else {
      try {
        return { ...(await choose(assets.sharedKernels, start, compile, { env: { memory } })), memory, plan };
      } catch (e) {
        plan = one(e instanceof Error ? e.message : String(e));
      }
    }
  }
  return { ...(await choose(assets.kernels, start, compile, {})), memory: null, plan };
}

async function choose(urls: Assets['kernels'], { kernels, last }: StartMessage, compile: Compile, imports: WebAssembly.Imports) {
  const force = kernels === 'auto' ? undefined : kernels;
  let failure: unknown; // an error of fetching or compiling, which has its own message
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

/**
 * A memory that threads can share, or null. Its maximum reserves address space; if there is
 * too little of it, the maximum is smaller.
 */
export function sharedMemory(): WebAssembly.Memory | null {
  for (const maximum of [65536, 32768, 16384, 8192]) {
    try {
      const memory = new WebAssembly.Memory({ initial: 12, maximum, shared: true });
      if (memory.buffer instanceof SharedArrayBuffer) return memory;
    } catch {
      // try a smaller one
    }
  }
  return null;
}
