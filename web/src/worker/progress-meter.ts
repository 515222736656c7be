// Counts the bytes of a loading model for progress events.
import type { FileProgress, ProgressCallback } from '../protocol/progress.js';

/** The shortest time between two progress events, in milliseconds. */
const INTERVAL = 40;

/** Counts the bytes of the files of a folder and emits progress events. */
export class ProgressMeter {
  readonly #name: string;
  readonly #emit: ProgressCallback;
  readonly #files: Record<string, FileProgress> = {};
  #last = -Infinity;

  constructor(name: string, emit: ProgressCallback) {
    this.#name = name;
    this.#emit = emit;
  }

  /** The response for a file has begun; total is −1 if its size is not known. */
  begin(file: string, total: number): void {
    this.#files[file] = { loaded: 0, total: Math.max(total, 0) };
    this.#emit({ status: 'download', name: this.#name, file });
  }

  /** The size of a file became known after its response had begun. */
  size(file: string, total: number): void {
    const f = this.#files[file];
    if (f && f.total === 0) f.total = total;
  }

  /** n more bytes of a file have arrived. */
  add(file: string, n: number): void {
    const f = this.#files[file];
    if (!f) return;
    f.loaded += n;
    const now = performance.now();
    if (now - this.#last < INTERVAL) return;
    this.#last = now;
    this.#report(file, f);
  }

  /** A file has arrived completely; `cached`: out of the browser's storage. */
  end(file: string, cached: boolean): void {
    const f = this.#files[file];
    if (!f) return;
    f.total = f.loaded;
    this.#report(file, f);
    this.#emit({ status: 'done', name: this.#name, file, cached });
  }

  /** A request for a file failed and is sent again after a pause. */
  retry(file: string, reason: string, repetition: number, retries: number, wait: number): void {
    this.#emit({ status: 'retry', name: this.#name, file, reason, repetition, retries, wait });
  }

  #report(file: string, f: FileProgress): void {
    this.#emit({ status: 'progress', name: this.#name, file, progress: percent(f), ...f });
    const sum: FileProgress = { loaded: 0, total: 0 };
    const files: Record<string, FileProgress> = {};
    for (const [name, one] of Object.entries(this.#files)) {
      sum.loaded += one.loaded;
      sum.total += one.total;
      files[name] = { ...one };
    }
    this.#emit({ status: 'progress_total', name: this.#name, progress: percent(sum), ...sum, files });
  }
}

function percent(f: FileProgress): number {
  return f.total > 0 ? Math.min(100, (100 * f.loaded) / f.total) : 0;
}
