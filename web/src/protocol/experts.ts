// The messages of mixtures of experts. wasm/engine/experts_js.go serves them.

/** Leaves only some experts of each mixture, and asks how surprised the model is by each token of a text. */
export interface ExpertsRequest {
  op: 'experts';
  /** For each mixture the experts that take part, ascending; null leaves all as they are. */
  left: Int32Array[] | null;
  /** A running text, read in windows; empty to run nothing. */
  ids: Int32Array;
  /** Tokens of a window. */
  window: number;
}

export interface ExpertsReply {
  /** −log p of each token, in nats. */
  surprisal: Float32Array;
  /** The time that the model took. */
  milliseconds: number;
}
