// The messages between a page and the worker of an index of vectors, vectors.js.
import type { ErrorMessage } from './error.js';

/** The first message: where the kernels are. */
export interface StartVectors {
  type: 'start';
  kernels: string;
}

/** Makes an index, changes it, or asks it. */
export type VectorsRequest =
  | { op: 'new'; dim: number }
  /** Replies of 'load' and 'open' have the metadata as they were saved. */
  | { op: 'load'; saved: Uint8Array }
  | { op: 'open'; name: string }
  /** n × dim numbers. */
  | { op: 'add'; vectors: Float32Array }
  | { op: 'delete'; ids: Int32Array }
  /** 0 leaves a number to the index. */
  | { op: 'train'; clusters: number; probes: number; recall: number }
  /** The filter has a bit for each id that may be found. */
  | { op: 'search'; query: Float32Array; k: number; filter: Uint8Array | null }
  | { op: 'save'; metadata: Uint8Array }
  | { op: 'store'; name: string; metadata: Uint8Array };

/** The state of an index. */
export interface VectorsState {
  count: number;
  /** The id of the next vector. */
  next: number;
  dim: number;
  /** 0 if a search compares all vectors. */
  clusters: number;
  probes: number;
  /** The bytes of the kernels' memory. */
  bytes: number;
}

export interface VectorsReplies {
  new: VectorsState;
  load: VectorsState & { metadata: Uint8Array };
  open: VectorsState & { metadata: Uint8Array };
  add: VectorsState;
  delete: VectorsState;
  train: VectorsState;
  search: { ids: Int32Array; scores: Float32Array };
  save: { saved: Uint8Array };
  store: VectorsState;
}

export type VectorsReply<R extends VectorsRequest> = VectorsReplies[R['op']];

export type ToVectorsWorker = StartVectors | { type: 'request'; id: number; request: VectorsRequest } | { type: 'abort'; id: number };

export type FromVectorsWorker =
  | { type: 'alive'; build: string }
  | { type: 'progress'; id: number; done: number; total: number }
  | { type: 'result'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorMessage };
