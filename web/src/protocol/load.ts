// Loading a model folder. wasm/engine/load_js.go takes the files and writes the reply.
import type { Device } from './device.js';

/** The stall timeout where a page asks for none, in milliseconds. */
export const STALL_TIMEOUT = 30_000;

/** How weights lie in memory: `auto` keeps them as the file has them. */
export type WeightType = 'auto' | 'f32' | 'f16' | 'q8' | 'q4';

/** The part that stands on a model's layers; '' is none. */
export type Head = '' | 'causal-lm' | 'seq2seq-lm' | 'masked-lm' | 'token-classification' | 'sequence-classification' | 'question-answering' | 'multiple-choice';

/**
 * How the browser's storage is used, with the names of fetch: `default` takes stored files
 * that the server still has and stores the others, `reload` fetches all anew, `no-store`
 * leaves the storage alone, `only-if-cached` uses no network.
 */
export type CacheMode = 'default' | 'reload' | 'no-store' | 'only-if-cached';

export interface LoadRequest {
  op: 'load';
  /** The address of the model folder; its path ends with a slash. The name of files that the page gives. */
  url: string;
  /** The files of the folder, by their names, if the page gives them; null: fetch them from url. */
  files: Readonly<Record<string, Blob>> | null;
  /** A token that is sent with each request, as `Authorization: Bearer`; '': none. */
  token: string;
  dtype: WeightType;
  /** Where the model shall run; the worker has it from the start message. */
  device: Device;
  /** False skips model.safetensors. */
  weights: boolean;
  /** False skips tokenizer.json: a model that takes ids needs none. */
  tokenizer: boolean;
  head: Head;
  /** After so many milliseconds without a byte, a request counts as broken. */
  stallTimeout: number;
  /** How often a broken request is sent again. */
  retries: number;
  cache: CacheMode;
  /** The SHA-256 that manifest.json must have, as 64 hexadecimal digits; '' asks for none. */
  integrity: string;
  /** A task that not every folder with this head can do: one that cannot is refused now. */
  task: '' | 'feature-extraction' | 'zero-shot-classification' | 'text-ranking';
}

export interface LoadReply {
  /** The width of a hidden state; 0 without weights. */
  dim: number;
  vocabSize: number;
  /** The most tokens of one input, special tokens included; 0 if the model has no limit. */
  maxLength: number;
  padId: number;
  /** The size of the weights in the files, in bytes. */
  weightBytes: number;
  /** The most memory that a batch of texts takes on top of the weights, in bytes. */
  activationBytes: number;
  dtype: 'f32' | 'f16' | 'q8' | 'q4';
  backend: string;
  /** True if the folder has a manifest.json and every file matched it. */
  verified: boolean;
  timings: LoadTimings;
  /** Of a head that generates: its kind, and the tokens that the folder names (−1: none). */
  generation?: { seq2seq: boolean; start: number; pad: number; eos: Int32Array };
  /** The names of the classes; empty for a head without classes. */
  labels: string[];
  /** problem_type of config.json, '' if there is none. */
  problem: string;
  /** The mask of a head that fills masks, else ''. */
  maskToken: string;
  /** The text of config.json. */
  config: string;
  /** The special tokens of the tokenizer; missing without one. */
  special?: { tokens: string[]; ids: Int32Array };
}

/** The time that loading took, in milliseconds. Downloads and the engine's start run side by side. */
export interface LoadTimings {
  /** From the first line of the worker's script to a running engine: both modules fetched, compiled and started. */
  engine: number;
  /** From the first request to the last small file (manifest, configuration, tokenizer). */
  files: number;
  /** Parsing the configuration and the tokenizer. */
  parse: number;
  /** The weights: waiting for them, hashing and packing them. */
  weights: number;
}
