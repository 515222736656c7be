// Progress while a model loads, with the names of transformers.js.

/** Bytes of one file. `total` is 0 while it is not known. */
export interface FileProgress {
  loaded: number;
  total: number;
}

/**
 * One step of loading. For each file: `initiate` (before the request), `download` (the
 * response has begun), `progress`, `done`. After each `progress` comes `progress_total`, the
 * sum over all files. `ready` comes last.
 */
export type ProgressEvent =
  | { status: 'initiate'; name: string; file: string }
  | { status: 'download'; name: string; file: string }
  | ({ status: 'progress'; name: string; file: string; progress: number } & FileProgress)
  | ({ status: 'progress_total'; name: string; progress: number; files: Record<string, FileProgress> } & FileProgress)
  | { status: 'done'; name: string; file: string }
  | { status: 'ready'; name: string; task: string; model: string };

export type ProgressCallback = (event: ProgressEvent) => void;
