// The messages for looking into a model. wasm/engine/inspect_js.go serves them.
import type { Padded, TensorReply } from './tensors.js';

/** Asks for the description of the loaded model, as JSON. */
export interface DescribeRequest {
  op: 'describe';
}

/** Asks for the hidden states, with the attention and the routing of every layer. */
export interface WatchRequest extends Padded {
  op: 'watch';
  attentions: boolean;
  routing: boolean;
}

export interface WatchReply extends TensorReply {
  heads: number;
  attentions: Float32Array[];
  routing: {
    layer: number;
    experts: number;
    k: number;
    expert: Int32Array;
    kept: Int32Array;
    weight: Float32Array;
    scores: Float32Array;
    gates: Float32Array;
    load: number[];
    dropped: number;
    entropy: number;
  }[];
}

/** Asks the same for one text, truncated to maxLength tokens (0: not truncated). */
export interface InspectRequest {
  op: 'inspect';
  text: string;
  maxLength: number;
  attentions: boolean;
  routing: boolean;
}

export interface InspectReply extends WatchReply {
  ids: Int32Array;
  tokens: string[];
  offsets: Int32Array;
  truncated: boolean;
}
