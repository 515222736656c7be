// The messages between the page (page/client.ts) and the worker (worker/worker.ts). Begin
// here: a request carries an id, and exactly one result or error carries it back.
import type { ChatRequest } from './chat.js';
import type { CropReplies, CropRequest } from './crop.js';
import type { DevicePlan, DeviceReport } from './device.js';
import type { DepthReply, DepthRequest } from './depth.js';
import type { ErrorMessage } from './error.js';
import type { ComposeRequest, GenerateReply, GenerateRequest, Step, StepReply, Tokens } from './generation.js';
import type { DescribeRequest, InspectReply, InspectRequest, WatchReply, WatchRequest } from './inspect.js';
import type { KernelReport, Kernels, MemoryReport, RateRequest, Variant } from './kernels.js';
import type { ReadReply, ReadRequest, SetKnowledgeRequest } from './kformer.js';
import type { LoadReply, LoadRequest } from './load.js';
import type { ProgressEvent } from './progress.js';
import type { FeatureExtractionReply, FeatureExtractionRequest, TaskReplies, TaskRequest } from './tasks.js';
import type { ForwardRequest, HeadRequest, LogitsRequest, TensorReply } from './tensors.js';
import type { ThreadOrder, ThreadState } from './thread-orders.js';
import type { ThreadPlan, ThreadReport } from './threads.js';
import type { DecodeRequest, EncodeReply, EncodeRequest } from './tokenizer.js';

/** What the page asks for. */
export type Request =
  | LoadRequest
  | FeatureExtractionRequest
  | TaskRequest
  | GenerateRequest
  | CropRequest
  | EncodeRequest
  | DecodeRequest
  | ChatRequest
  | ForwardRequest
  | HeadRequest
  | LogitsRequest
  | SetKnowledgeRequest
  | ReadRequest
  | ComposeRequest
  | DescribeRequest
  | WatchRequest
  | InspectRequest
  | RateRequest
  | DepthRequest
  | { op: 'memory' };

interface Replies {
  load: LoadReply;
  'feature-extraction': FeatureExtractionReply;
  generate: GenerateReply;
  encode: EncodeReply;
  decode: string[];
  chat: string;
  forward: TensorReply;
  head: TensorReply;
  logits: TensorReply;
  'set-knowledge': number;
  read: ReadReply;
  compose: TensorReply;
  describe: string;
  watch: WatchReply;
  inspect: InspectReply;
  rate: number;
  depth: DepthReply;
  memory: MemoryReport;
}

/** The reply to a request. */
export type Reply<R extends Request> = R extends { op: 'task'; task: infer T extends keyof TaskReplies }
  ? TaskReplies[T]
  : R extends { op: 'crop'; step: infer S extends keyof CropReplies }
    ? CropReplies[S]
    : R extends { op: infer O extends keyof Replies }
      ? Replies[O]
      : never;

/** The addresses of the engine's files. */
export interface Assets {
  engine: string;
  /** The bridge to a GPU. */
  webgpu: string;
  /** The program for chats, which is fetched with the first chat. */
  chat: string;
  kernels: { simd128: string; relaxed: string };
  /** The kernels whose memory can be shared. */
  sharedKernels: { simd128: string; relaxed: string };
}

/** The first message to the worker. */
export interface StartMessage {
  type: 'start';
  assets: Assets;
  threads: ThreadPlan;
  kernels: Kernels;
  device: DevicePlan;
  /** The kernels that an earlier visit found to be the fastest. */
  last: Variant | null;
  /** After so many milliseconds without an answer, the request for a file of the engine counts as broken. */
  stallTimeout: number;
}

/** From the page to the worker. */
export type ToWorker =
  | StartMessage
  /** What became of a kernel worker. */
  | { type: 'thread'; state: ThreadState }
  | { type: 'request'; id: number; request: Request }
  | { type: 'abort'; id: number }
  /** The worker answers with 'beat'. */
  | { type: 'beat' }
  /** A generation ends with what it has. */
  | { type: 'interrupt'; id: number }
  /** The answer to a step. */
  | { type: 'stepped'; id: number; reply: StepReply };

/** From the worker to the page. */
export type FromWorker =
  | { type: 'result'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorMessage }
  | { type: 'progress'; id: number; event: ProgressEvent }
  | { type: 'tokens'; id: number; tokens: Tokens }
  | { type: 'step'; id: number; step: Step }
  /** Which kernels run. */
  | { type: 'kernels'; report: KernelReport }
  /** Where the model runs. */
  | { type: 'device'; report: DeviceReport }
  /** How many threads run now. */
  | { type: 'threads'; report: ThreadReport }
  | { type: 'thread'; order: ThreadOrder }
  /** The worker's script runs, and of which build it is; sent in reply to the start message. */
  | { type: 'alive'; build: string }
  /** The worker holds this Web Lock until it ends. */
  | { type: 'guarded'; lock: string }
  | { type: 'beat' }
  /** The engine cannot start, or has ended: nothing more will come from this worker. */
  | { type: 'fatal'; error: ErrorMessage };
