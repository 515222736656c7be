// The messages of a Kformer. wasm/engine/knowledge_js.go serves them.
import type { Padded, TensorReply } from './tensors.js';

/** Replaces the knowledge: texts, or rows of ids. The reply is the number of items. */
export interface SetKnowledgeRequest {
  op: 'set-knowledge';
  texts: string[] | null;
  items: Int32Array[];
}

/** Asks for the hidden states of rows that read the knowledge. */
export interface ReadRequest extends Padded {
  op: 'read';
}

export interface ReadReply extends TensorReply {
  /** For each row the numbers of the items that it read, the best first. */
  selected: number[][];
}
