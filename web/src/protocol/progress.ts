// Progress while a model loads, with the names of transformers.js.

/** Bytes of one file. `total` is 0 while it is not known. */
export interface FileProgress {
  loaded: number;
  total: number;
}

/**
 * One step of loading. For each file: `initiate` (before the request), `download` (the
 * response has begun), `progress`, `done` (`cached` if it came out of the browser's storage). After each `progress` comes `progress_total`, the
 * sum over all files. A request that broke is sent again after `wait` milliseconds: that is
 * `retry`. `ready` comes last.
 */
export type ProgressEvent =
  | { status: 'initiate'; name: string; file: string }
  | { status: 'download'; name: string; file: string }
  | ({ status: 'progress'; name: string; file: string; progress: number } & FileProgress)
  | ({ status: 'progress_total'; name: string; progress: number; files: Record<string, FileProgress> } & FileProgress)
  | { status: 'retry'; name: string; file: string; reason: string; repetition: number; retries: number; wait: number }
  | { status: 'done'; name: string; file: string; cached: boolean }
  | { status: 'ready'; name: string; task: string; model: string };

export type ProgressCallback = (event: ProgressEvent) => void;
