// The GPU of an engine: it opens the bridge (kernels/webgpu/bridge.mjs) where there is an
// adapter, has the Go program test it, and reports where the model runs and why.
import type { DevicePlan, DeviceReport } from '../protocol/device.js';
import { LodestoneError } from '../protocol/error.js';
import type { LoadRequest } from '../protocol/load.js';
import { call, type GoEngine, type Job } from './job.js';

/** The bridge, as far as this program uses it. Go calls it by the imports of webgpuImports. */
export interface Bridge {
  readonly lost: Promise<string>;
  /** What was played so far. */
  readonly played: Readonly<Record<'commands' | 'submits' | 'reads' | 'pipelines', number>>;
  /** The size of the GPU's buffers that hold memory. */
  readonly bytes: number;
  destroy(): void;
}

declare global {
  /** The bridge of this worker. */
  var __lodestoneWebgpu: Bridge | undefined;
}

/** The request of the operation "device"; see wasm/engine/device_js.go. */
interface DeviceRequest {
  bridge: Bridge;
  /** Whether to measure both devices, for a model of this width and type of weights. */
  measure: boolean;
  hidden: number;
  dtype: string;
}

export class Gpu {
  bridge: Bridge | null = null;
  readonly #plan: DevicePlan;
  readonly #url: string;
  readonly #report: (r: DeviceReport) => void;
  readonly #lost: (e: LodestoneError) => void;

  constructor(plan: DevicePlan, url: string, report: (r: DeviceReport) => void, lost: (e: LodestoneError) => void) {
    this.#plan = plan;
    this.#url = url;
    this.#report = report;
    this.#lost = lost;
  }

  /** Decides where a model will run, before it is loaded. */
  async choose(engine: GoEngine, load: LoadRequest, config: Uint8Array, job: Job): Promise<void> {
    const { device, reason, times } = this.#plan;
    if (device === 'wasm' || !load.weights) return this.#report({ device: 'wasm', reason: reason || "device 'wasm' was asked for" });
    try {
      const adapter = await adapterHere();
      const shape = shapeOf(load, config);
      const key = `${nameOf(adapter)} ${shape.hidden} ${shape.dtype}`;
      const before = times[key];
      if (device === 'auto' && before && gain(before) <= 1) return this.#report({ device: 'wasm', reason: compared(before, adapter) });
      const bridge = await open(this.#url, adapter);
      globalThis.__lodestoneWebgpu = this.bridge = bridge;
      const request: DeviceRequest = { bridge, measure: device === 'auto' && !before, ...shape };
      const reply = (await Promise.race([call(engine, 'device', request, job), bridge.lost.then(gone)])) as { device: 'wasm' | 'webgpu'; reason?: string; times?: Float32Array };
      if (reply.device === 'wasm') this.#close();
      else void bridge.lost.then((why) => this.#lost(lostError(why)));
      const now = reply.times ? [...reply.times] : before;
      const reason = reply.reason ?? (device === 'auto' && now ? compared(now, adapter) : `device 'webgpu' was asked for (${nameOf(adapter)})`);
      this.#report({ device: reply.device, reason, ...(reply.times ? { measured: { key, times: [...reply.times] } } : {}) });
    } catch (e) {
      if (job.aborted || (e instanceof LodestoneError && e.code === 'device_lost')) throw e;
      this.#close();
      this.#report({ device: 'wasm', reason: e instanceof Error ? e.message : String((e as { message?: string }).message ?? e) });
    }
  }

  #close(): void {
    this.bridge?.destroy();
    this.bridge = null;
    globalThis.__lodestoneWebgpu = undefined;
  }
}

function lostError(why: string): LodestoneError {
  return new LodestoneError('device_lost', `engine: the GPU was lost (${why}); the next call asks for it once more, and then runs on the processor`);
}

function gone(why: string): never {
  throw lostError(why);
}

/** An adapter of WebGPU, as far as this program looks at it. */
interface Adapter {
  info?: { vendor?: string; architecture?: string; device?: string; description?: string };
}

async function adapterHere(): Promise<Adapter> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<Adapter | null> } }).gpu;
  if (!gpu) throw new Error('this browser has no WebGPU');
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('this browser offers no WebGPU adapter');
  return adapter;
}

function nameOf({ info = {} }: Adapter): string {
  return [info.vendor, info.architecture, info.device, info.description].filter((s) => s).join(' ') || 'unknown adapter';
}

/** How many times as fast the GPU is, a sentence and a batch counting alike. */
function gain(times: readonly number[]): number {
  const [a, b, c, d] = times as [number, number, number, number];
  return Math.sqrt((a / b) * (c / d));
}

function compared(times: readonly number[], adapter: Adapter): string {
  const [a, b, c, d] = times.map((t) => `${t < 10 ? t.toFixed(2) : t.toFixed(0)} ms`);
  return `a pass of a sentence took ${a} on the processor and ${b} on the GPU (${nameOf(adapter)}), one of a batch ${c} and ${d}`;
}

/** Opens the bridge. Its script is fetched only where there is an adapter. */
async function open(url: string, adapter: Adapter): Promise<Bridge> {
  let module: { openBridge(options: { adapter: Adapter }): Promise<Bridge> };
  try {
    module = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  } catch {
    throw new Error(`no response for ${url}; the file belongs next to worker.js, see env.assetsPath`);
  }
  return module.openBridge({ adapter });
}

const WIDTHS = ['hidden_size', 'd_model', 'n_embd', 'dim', 'encoder_embed_dim', 'decoder_embed_dim', 'embed_dim'];

/** The width of a model and the type of its weights, as far as they matter for a measurement. */
function shapeOf(load: LoadRequest, text: Uint8Array): { hidden: number; dtype: string } {
  let config: Record<string, unknown> = {};
  try {
    config = JSON.parse(new TextDecoder().decode(text)) as Record<string, unknown>;
  } catch {
    // the Go program says what is wrong with it
  }
  const found = WIDTHS.map((name) => Number(config[name])).find((n) => n >= 1 && n <= 4096);
  const hidden = Math.min(1024, Math.max(64, 2 ** Math.round(Math.log2(found ?? 384))));
  const dtype = load.dtype !== 'auto' ? load.dtype : config['quantization_config'] ? 'q8' : 'f32';
  return { hidden, dtype };
}
