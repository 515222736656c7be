// What an earlier visit measured of the processor and of a GPU, so that `auto` measures once:
// kept in localStorage, for this version of the browser and of the kernels.
import type { DeviceReport } from '../protocol/device.js';

declare const KERNELS_HASH: string; // of the kernels; web/build.mjs defines it

const KEY = 'lodestone-devices';
/** The days that a measurement lasts, and how many of them are kept. */
const DAYS = 30;
const MOST = 32;

/** What localStorage holds. */
interface Memory {
  browser: string;
  kernels: string;
  /** Milliseconds since 1970. */
  at: number;
  times: Record<string, number[]>;
}

/** The measurements of earlier visits. */
export function deviceTimes(): Record<string, number[]> {
  try {
    const m = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Memory | null;
    const age = Date.now() - (m?.at ?? NaN);
    const known = m !== null && m.browser === navigator.userAgent && m.kernels === KERNELS_HASH && age >= 0 && age < DAYS * 86_400_000;
    return known && typeof m.times === 'object' && m.times !== null ? m.times : {};
  } catch {
    return {}; // storage is denied or missing, or holds something else
  }
}

/** Keeps a measurement for the next visit, if the browser allows it. */
export function keepDeviceTimes({ key, times }: NonNullable<DeviceReport['measured']>): void {
  try {
    const all = Object.entries({ ...deviceTimes(), [key]: times }).slice(-MOST);
    const m: Memory = { browser: navigator.userAgent, kernels: KERNELS_HASH, at: Date.now(), times: Object.fromEntries(all) };
    localStorage.setItem(KEY, JSON.stringify(m));
  } catch {
    // the next visit measures again
  }
}
