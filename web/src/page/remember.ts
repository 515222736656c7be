// The kernels that turned out to be the fastest on an earlier visit, so that the page does
// not time them again: kept in localStorage, for this version of the browser and the kernels.
import type { Variant } from '../protocol/kernels.js';
import { storage } from './host.js';

declare const KERNELS_HASH: string; // of both modules; web/build.mjs defines it

const KEY = 'lodestone-kernels';
/** The days that a choice lasts: a busy machine may have chosen wrongly. */
const DAYS = 30;

/** What localStorage holds. */
interface Memory {
  browser: string;
  kernels: string;
  name: Variant;
  /** Milliseconds since 1970. */
  at: number;
}

/** The fastest kernels of an earlier visit, or null. */
export function remembered(): Variant | null {
  try {
    const m = JSON.parse(storage()?.getItem(KEY) ?? 'null') as Memory | null;
    const age = Date.now() - (m?.at ?? NaN);
    const known = m !== null && m.browser === navigator.userAgent && m.kernels === KERNELS_HASH && age >= 0 && age < DAYS * 86_400_000;
    return known && typeof m.name === 'string' ? m.name : null;
  } catch {
    return null; // storage is denied or missing, or holds something else
  }
}

/** Keeps a choice for the next visit, if the browser allows it. */
export function remember(name: Variant): void {
  try {
    const m: Memory = { browser: navigator.userAgent, kernels: KERNELS_HASH, name, at: Date.now() };
    storage()?.setItem(KEY, JSON.stringify(m));
  } catch {
    // the next visit chooses again
  }
}
