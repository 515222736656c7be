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
  /** True adds the tokens as the vocabulary has them. */
  tokens?: boolean;
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
  /** Only if asked for. */
  tokens?: string[];
}

/** Asks for the texts of rows of ids. */
export interface DecodeRequest {
  op: 'decode';
  /** The ids of all rows, one row after the other, and the length of each row. */
  ids: Int32Array;
  lengths: Int32Array;
  skipSpecial: boolean;
}
