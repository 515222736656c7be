// The messages between the page (client.ts) and the worker (worker.ts). A request
// carries an id, and exactly one reply carries it back.
import type { ErrorMessage } from './error.js';
import type { Padded } from './inputs.js';
import type { DescribeRequest, InspectReply, InspectRequest, WatchReply, WatchRequest } from './inspect.js';
import type { ProgressEvent } from './progress.js';
import type { Kernels, KernelReport, Variant } from './kernels.js';
import type { CropReplies, CropRequest } from './protocol/crop.js';
import type { TaskReplies, TaskRequest } from './protocol/tasks.js';
import type { ThreadOrder, ThreadState } from './team.js';
import type { ThreadReport, Threads } from './threads.js';

/** How weights lie in memory: `auto` takes them as they are in the file. */
export type WeightType = 'auto' | 'f32' | 'f16' | 'q8' | 'q4';

/** What a model is loaded for: the part that stands on its layers. */
export type Head = '' | 'causal-lm' | 'seq2seq-lm' | 'masked-lm' | 'token-classification' | 'sequence-classification' | 'question-answering';

/** The addresses of the engine's parts. */
export interface Assets {
  engine: string;
  kernels: { simd128: string; relaxed: string };
  /** The kernels with shared memory. */
  sharedKernels: { simd128: string; relaxed: string };
}

export interface LoadRequest {
  op: 'load';
  /** The model folder's address; its path ends with a slash. */
  url: string;
  dtype: WeightType;
  /** False leaves model.safetensors out. */
  weights: boolean;
  /** False leaves tokenizer.json out: a model that takes ids needs none. */
  tokenizer: boolean;
  /** What the weights have to hold besides the layers; '' is nothing. */
  head: Head;
}

export interface FeaturesRequest {
  op: 'features';
  texts: string[];
  pooling: string;
  normalize: boolean;
}

/** How fast a linear layer rows × in × out runs, measured for about so many milliseconds. */
export interface RateRequest {
  op: 'rate';
  dtype: 'f32' | 'q8' | 'q4';
  rows: number;
  in: number;
  out: number;
  milliseconds: number;
}

export interface EncodeRequest {
  op: 'encode';
  texts: string[];
  pairs: string[] | null;
  addSpecial: boolean;
  parseSpecial: boolean;
  /** 0 is no limit. */
  maxLength: number;
}

export interface DecodeRequest {
  op: 'decode';
  ids: Int32Array;
  skipSpecial: boolean;
}

export interface ForwardRequest extends Padded {
  op: 'forward';
}

/** The logits of the model's head. */
export interface HeadRequest extends Padded {
  op: 'head';
}

export interface GenerateRequest {
  op: 'generate';
  /** Texts, to continue or to translate; or null. */
  texts: string[] | null;
  /** Without texts: the ids of all rows one after the other, and how many each has. */
  ids: Int32Array | null;
  lengths: Int32Array | null;
  /** Instead of both: an input of pieces. */
  pieces: Piece[] | null;
  addSpecial: boolean;
  /** The languages of a translation, '' if they are not said. */
  from: string;
  to: string;
  /** JSON with Hugging Face's names; what is missing is as the folder says. */
  options: string;
  /** True sends tokens as they come. */
  streamed: boolean;
  /** True sends the logits of each step and waits for others. */
  processed: boolean;
}

/** The logits of every token; for an encoder–decoder of what the decoder reads. */
export interface LogitsRequest extends Padded {
  op: 'logits';
  /** What the encoder reads; null for a decoder alone. */
  source: Padded | null;
}

/** A part of an input: tokens, or a span for the encoder. One of text, ids and states is there. */
export interface Piece {
  span: boolean;
  text: string | null;
  ids: Int32Array | null;
  /** States of a span, as wide as the encoder. */
  states: Float32Array | null;
}

/** Other knowledge for a Kformer: texts, or items of ids. */
export interface LearnRequest {
  op: 'learn';
  texts: string[] | null;
  items: Int32Array[];
}

/** The states of a Kformer with its knowledge. */
export interface ReadRequest extends Padded {
  op: 'read';
}

/** The logits behind each place of an input of pieces. */
export interface ComposeRequest {
  op: 'compose';
  pieces: Piece[];
}

export type Request =
  | LearnRequest
  | ReadRequest
  | ComposeRequest
  | LoadRequest
  | FeaturesRequest
  | EncodeRequest
  | DecodeRequest
  | ForwardRequest
  | GenerateRequest
  | LogitsRequest
  | HeadRequest
  | TaskRequest
  | CropRequest
  | DescribeRequest
  | WatchRequest
  | InspectRequest
  | RateRequest
  | { op: 'memory' };

export interface LoadReply {
  /** The width of a hidden state; 0 without weights. */
  dim: number;
  vocabSize: number;
  /** The most tokens of one input, specials included; 0 if the model states none. */
  maxLength: number;
  padId: number;
  /** The bytes of weights that were read. */
  weightBytes: number;
  /** The most memory that a batch of texts takes above the weights, in bytes. */
  activationBytes: number;
  dtype: 'f32' | 'f16' | 'q8' | 'q4';
  backend: string;
  /** True if manifest.json was there and every file agreed with it. */
  verified: boolean;
  timings: LoadTimings;
  /** If the head was one for generation: which kind it is, and the tokens that the folder names (−1: none). */
  generation?: { seq2seq: boolean; start: number; pad: number; eos: Int32Array };
  /** The classes of a head that has some, what it decides ('' if nothing is said), and the mask of one that fills masks. */
  labels: string[];
  problem: string;
  maskToken: string;
}

/** Where a load's time went, in milliseconds. Downloads and the engine's start run side by side. */
export interface LoadTimings {
  /** From the worker's first line to an engine that runs: fetch and compile both modules, start them. */
  engine: number;
  /** From the first request to the last small file (manifest, configuration, tokenizer). */
  files: number;
  /** Reading the configuration and the tokenizer. */
  parse: number;
  /** The weights: waiting for them, hashing, packing. */
  weights: number;
}

export interface FeaturesReply {
  data: Float32Array;
  dims: number[];
  truncated: boolean[];
}

export interface EncodeReply {
  /** The ids of all texts, one after the other. */
  ids: Int32Array;
  typeIds: Int32Array;
  /** Begin and end of each token in UTF-16 units of its own text. */
  offsets: Int32Array;
  /** The number of tokens of each text. */
  lengths: Int32Array;
  truncated: boolean[];
}

export interface TensorReply {
  data: Float32Array;
  dims: number[];
}

export interface GenerateReply {
  /** The tokens that were added, of all results one after the other, and how many each has. */
  ids: Int32Array;
  lengths: Int32Array;
  /** Their texts; empty without a tokenizer. */
  texts: string[];
  /** Why each ended. */
  reasons: ('length' | 'eos' | 'stop')[];
}

/** Tokens that were chosen since the last message. */
export interface Tokens {
  /**
   * Three for each token: which result it belongs to, its id, and where what it completes ends in
   * text, in UTF-16 units. An id of −1 is text that was left at the end.
   */
  numbers: Int32Array;
  /** What they complete, one after the other. */
  text: string;
}

/** The logits of a step for each open sequence, one after the other, and the tokens so far. */
export interface Step {
  ids: Int32Array;
  lengths: Int32Array;
  logits: Float32Array;
}

export interface MemoryReport {
  /** The kernels' memory: weights and activations. It never shrinks, so it is its own peak. */
  kernelBytes: number;
  /** The Go program's memory. It never shrinks either. */
  goBytes: number;
  /** The part of kernelBytes that is handed out now, and the largest that it was. */
  usedBytes: number;
  /** The most of them that a batch of texts takes above the weights: known before it runs. */
  activationBytes: number;
  peakBytes: number;
}

/** The reply to each operation. */
export interface Replies {
  task: TaskReplies[keyof TaskReplies];
  crop: CropReplies[keyof CropReplies];
  head: TensorReply;
  load: LoadReply;
  features: FeaturesReply;
  encode: EncodeReply;
  decode: string;
  forward: TensorReply;
  describe: string;
  watch: WatchReply;
  inspect: InspectReply;
  /** Multiply-adds a second. */
  rate: number;
  generate: GenerateReply;
  logits: TensorReply;
  learn: number;
  read: TensorReply & { selected: number[][] };
  compose: TensorReply;
  memory: MemoryReport;
}

/** From the page to the worker. */
export type ToWorker =
  | {
      type: 'start';
      assets: Assets;
      threads: Threads;
      kernels: Kernels;
      /** The kernels that an earlier visit found to be the fastest. */
      last: Variant | null;
      /** The other side is a worker, too. */
      nested: boolean;
    }
  /** What became of a kernel worker that was ordered. */
  | { type: 'thread'; state: ThreadState }
  | { type: 'request'; id: number; request: Request }
  | { type: 'abort'; id: number }
  /** The answer to a step. */
  | { type: 'logits'; id: number; logits: Float32Array };

/** From the worker to the page. */
export type FromWorker =
  | { type: 'result'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorMessage }
  | { type: 'progress'; id: number; event: ProgressEvent }
  | { type: 'tokens'; id: number; tokens: Tokens }
  | { type: 'step'; id: number; step: Step }
  /** Which kernels run. */
  | { type: 'kernels'; report: KernelReport }
  /** How many threads run now. */
  | { type: 'threads'; report: ThreadReport }
  /** What the page shall do for a kernel worker. */
  | { type: 'thread'; order: ThreadOrder }
  /** The worker's script runs; sent first. */
  | { type: 'alive' }
  /** The engine cannot start, or has ended: nothing more will come from this worker. */
  | { type: 'fatal'; error: ErrorMessage };
