// Where a model runs: on the processor (wasm) or on a GPU (webgpu).

/** Where a model runs. `auto` is the device that is faster for a model of this width. */
export type Device = 'auto' | 'wasm' | 'webgpu';

/** What the worker should try. */
export interface DevicePlan {
  device: Device;
  /** Why no GPU is tried; '' if one is. */
  reason: string;
  /** Earlier measurements, by what DeviceReport calls key. */
  times: Readonly<Record<string, readonly number[]>>;
}

/** Where the model of a worker runs, and why. */
export interface DeviceReport {
  device: 'wasm' | 'webgpu';
  reason: string;
  /** A measurement that is worth remembering, in milliseconds: a sentence on the processor and on the GPU, a batch on both. */
  measured?: { key: string; times: number[] };
}
