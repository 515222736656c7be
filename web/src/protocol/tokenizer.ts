// The messages of the tokenizer. wasm/engine/encode_js.go serves them.

export interface EncodeRequest {
  op: 'encode';
  texts: string[];
  /** The second text of each pair; null: texts alone. */
  pairs: string[] | null;
  addSpecial: boolean;
  parseSpecial: boolean;
  /** 0: no limit. */
  maxLength: number;
}

export interface EncodeReply {
  /** The ids of all texts, one text after the other. */
  ids: Int32Array;
  typeIds: Int32Array;
  /** The begin and the end of each token in UTF-16 units of its own text. */
  offsets: Int32Array;
  /** The number of tokens of each text. */
  lengths: Int32Array;
  truncated: boolean[];
}

/** Asks for the text of ids. */
export interface DecodeRequest {
  op: 'decode';
  ids: Int32Array;
  skipSpecial: boolean;
}
