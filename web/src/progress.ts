// Progress while a model loads, in the words of transformers.js.

/** Bytes of one file. `total` is 0 while it is not known. */
export interface FileProgress {
  loaded: number;
  total: number;
}

/**
 * One step of loading. For each file: `initiate` (it will be asked for; sent at
 * once), `download` (its answer has begun), `progress`, `done`. After each
 * `progress` comes `progress_total`, the sum over all files. `ready` comes last.
 */
export type ProgressEvent =
  | { status: 'initiate'; name: string; file: string }
  | { status: 'download'; name: string; file: string }
  | ({ status: 'progress'; name: string; file: string; progress: number } & FileProgress)
  | ({ status: 'progress_total'; name: string; progress: number; files: Record<string, FileProgress> } & FileProgress)
  | { status: 'done'; name: string; file: string }
  | { status: 'ready'; name: string; task: string; model: string };

export type ProgressCallback = (event: ProgressEvent) => void;

const INTERVAL_MS = 40; // at most 25 progress messages a second reach the page

/** Counts the bytes of a folder's files and reports them, not too often. */
export class ProgressMeter {
  readonly #name: string;
  readonly #emit: ProgressCallback;
  readonly #files: Record<string, FileProgress> = {};
  #last = -Infinity;

  constructor(name: string, emit: ProgressCallback) {
    this.#name = name;
    this.#emit = emit;
  }

  /** The answer for a file has begun; total is −1 if its size is not known. */
  begin(file: string, total: number): void {
    this.#files[file] = { loaded: 0, total: Math.max(total, 0) };
    this.#emit({ status: 'download', name: this.#name, file });
  }

  /** The size of a file became known after it had begun. */
  size(file: string, total: number): void {
    const f = this.#files[file];
    if (f && f.total === 0) f.total = total;
  }

  /** n more bytes of a file have come. */
  add(file: string, n: number): void {
    const f = this.#files[file];
    if (!f) return;
    f.loaded += n;
    const now = performance.now();
    if (now - this.#last < INTERVAL_MS) return;
    this.#last = now;
    this.#report(file, f);
  }

  /** A file has come whole. */
  end(file: string): void {
    const f = this.#files[file];
    if (!f) return;
    f.total = f.loaded;
    this.#report(file, f);
    this.#emit({ status: 'done', name: this.#name, file });
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
