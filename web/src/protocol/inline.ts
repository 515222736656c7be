// The engine in the page, for tokenizers: worker/inline.ts exports it, page/inline.ts calls it.
import type { LoadReply, LoadRequest } from './load.js';
import type { Assets, Request } from './messages.js';
import type { ProgressCallback } from './progress.js';

export interface InlineEngine {
  info: LoadReply;
  /** Makes a call. Throws what the engine throws: an error, or an ErrorMessage. */
  call(request: Request): unknown;
}

/** Loads the tokenizer of a folder. `send` sends the requests. */
export type LoadInline = (
  assets: Assets,
  request: LoadRequest,
  signal: AbortSignal | undefined,
  progress: ProgressCallback,
  send: (url: string, init?: RequestInit) => Promise<Response>,
) => Promise<InlineEngine>;

/** The script engine.js. */
export interface InlineScript {
  loadInline: LoadInline;
  /** The build that it belongs to; see build.ts. */
  build: string;
}
