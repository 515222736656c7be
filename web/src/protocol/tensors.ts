// Requests that run a model on tensors of ids. wasm/engine/forward_js.go, heads_js.go and
// generate_js.go serve them.

/** Rows of ids, padded to one length. */
export interface Padded {
  /** [batch, length], row by row, and so are the next two. */
  ids: Int32Array;
  /** 0 marks padding; null: there is none. */
  mask: Int32Array | null;
  /** Token types of BERT; null: all 0. */
  types: Int32Array | null;
  batch: number;
  length: number;
}

/** Asks for the hidden states [batch, length, width]. */
export interface ForwardRequest extends Padded {
  op: 'forward';
}

/** Asks for the logits of the model's head. */
export interface HeadRequest extends Padded {
  op: 'head';
}

/** Asks for the logits of every token of a decoder [batch, length, vocabulary]. */
export interface LogitsRequest extends Padded {
  op: 'logits';
  /** The encoder's input; null for a model without an encoder. */
  source: Padded | null;
}

export interface TensorReply {
  data: Float32Array;
  dims: number[];
}
