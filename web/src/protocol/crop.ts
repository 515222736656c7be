// The messages of CROP, one for each of its steps. wasm/engine/crop_js.go serves them.

/** Words with their labels: B-PER, I-PER, O and their like, one for each word. */
export interface LabeledWords {
  words: string[];
  labels: string[];
}

/**
 * Asks an engine for one step. Languages are named as the translator names them; pieces
 * are those of its tokenizer, the markers among them.
 */
export type CropRequest = { op: 'crop' } & (
  | { step: 'split'; text: string; language: string }
  | { step: 'translate'; words: string[]; from: string; to: string }
  | { step: 'words'; text: string; language: string }
  | { step: 'tag'; words: string[] }
  | { step: 'repair'; labels: string[] }
  | ({ step: 'mark'; language: string } & LabeledWords)
  | { step: 'translate marked'; pieces: string[]; from: string; to: string; beams: number }
  | { step: 'decode'; lines: string[][]; types: string[]; whole: boolean; language: string }
  | { step: 'project'; words: string[]; lines: LabeledWords[] }
);

/** The reply to each step. */
export interface CropReplies {
  /** The words of a text, and where they begin and end in UTF-16 units. */
  split: { words: string[]; start: number[]; end: number[] };
  translate: { text: string };
  /** The words of a translation, without what the translator does not know. */
  words: { words: string[] };
  tag: { labels: string[] };
  /** The same labels as well-formed BIO labels. */
  repair: { labels: string[] };
  /** Pieces with markers around entities; entity j has marker j and type j. `whole`: one entity is the whole sentence, without markers. */
  mark: { pieces: string[]; types: string[]; whole: boolean };
  /** The pieces of each translation, the best first. */
  'translate marked': { lines: string[][] };
  /** Each translation without markers. `note` names the entities whose markers it lost; '' is none. */
  decode: { lines: (LabeledWords & { note: string })[] };
  /** Labels of the words, and the entities among them: words `first` to `end`, without `end`. */
  project: {
    labels: string[];
    entities: { type: string; first: number; end: number }[];
    /** The number of the line whose entities were taken. */
    line: number;
    /** For each line: which of its entities could not be placed, and why; '' if all were. */
    lost: string[];
  };
}
