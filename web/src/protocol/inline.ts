// The engine in the page, for tokenizers: worker/inline.ts exports loadInline, page/inline.ts calls it.
import type { LoadReply, LoadRequest } from './load.js';
import type { Assets, Request } from './messages.js';
import type { ProgressCallback } from './progress.js';

export interface InlineEngine {
  info: LoadReply;
  /** Makes a call. Throws what the engine throws: an error, or an ErrorMessage. */
  call(request: Request): unknown;
}

export type LoadInline = (assets: Assets, request: LoadRequest, signal: AbortSignal | undefined, progress: ProgressCallback) => Promise<InlineEngine>;
