// The messages of generation. wasm/engine/generate_js.go and pieces_js.go serve them.

/** Exactly one of texts, ids and pieces is not null. */
export interface GenerateRequest {
  op: 'generate';
  /** Prompts, or texts to translate. */
  texts: string[] | null;
  /** The ids of all rows, one row after the other, and the length of each row. */
  ids: Int32Array | null;
  lengths: Int32Array | null;
  /** An input of pieces. */
  pieces: Piece[] | null;
  addSpecial: boolean;
  /** The languages of a translation; '' leaves one to the tokenizer's template. */
  from: string;
  to: string;
  /** JSON with the names of Hugging Face's GenerationConfig; what it leaves out comes from the folder. */
  options: string;
  /** True sends tokens as they are chosen. */
  streamed: boolean;
  /** True sends the logits of each step and waits for the page's StepReply. */
  processed: boolean;
}

export interface GenerateReply {
  /** The new tokens of all results, one result after the other, and how many each has. */
  ids: Int32Array;
  lengths: Int32Array;
  /** Their texts; empty without a tokenizer. */
  texts: string[];
  /** Why each result ended. */
  reasons: ('length' | 'eos' | 'stop')[];
}

/** Tokens that were chosen since the last message. */
export interface Tokens {
  /**
   * Three numbers for each token: the result that it belongs to, its id, and the end, in UTF-16
   * units of `text`, of the text that it completes. An id of −1 is text that remained at the end.
   */
  numbers: Int32Array;
  /** The texts that the tokens complete, one after the other. */
  text: string;
}

/** The logits of a step for each open sequence, one sequence after the other, and the tokens so far. */
export interface Step {
  ids: Int32Array;
  lengths: Int32Array;
  logits: Float32Array;
}

/** What the page answers to a step. */
export interface StepReply {
  /** The logits of the same sequences. */
  logits: Float32Array;
  /** The places of the sequences that end before this step, with what they have; null if none does. */
  ended: Int32Array | null;
}

/** A part of an input: tokens, or a span for the encoder. Exactly one of text, ids and states is not null. */
export interface Piece {
  span: boolean;
  text: string | null;
  ids: Int32Array | null;
  /** The states of a span, as wide as the encoder. */
  states: Float32Array | null;
}

/** Asks for the logits behind each place of an input of pieces. */
export interface ComposeRequest {
  op: 'compose';
  pieces: Piece[];
}
