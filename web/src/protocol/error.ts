/**
 * What went wrong, as a word that a program can compare with. Codes are stable;
 * sentences are not. web/ERRORS.md says of each what it means and what to do.
 */
export type ErrorCode =
  // The model's files.
  | 'not_safetensors'
  | 'truncated'
  | 'header_too_large'
  | 'tensor_overlap'
  | 'unsupported_dtype'
  | 'missing_tensor'
  | 'wrong_shape'
  | 'invalid_weight'
  | 'config_invalid'
  | 'config_unsupported'
  | 'tokenizer_missing'
  | 'tokenizer_invalid'
  | 'tokenizer_unsupported'
  | 'manifest_invalid'
  | 'integrity'
  // The way there.
  | 'html_instead_of_model'
  | 'http_status'
  | 'network'
  // What the caller passed.
  | 'invalid_text'
  | 'text_too_long'
  | 'invalid_argument'
  // The life of a handle.
  | 'aborted'
  | 'disposed'
  | 'out_of_memory'
  | 'engine_crashed'
  | 'engine_missing'
  | 'unsupported_browser'
  | 'internal';

/** Facts that belong to an error: the file, the status, the index of a text. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * The one kind of error that this module throws. `message` says what was found,
 * what was expected and what to do.
 */
export class LodestoneError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'LodestoneError';
    this.code = code;
    this.details = details;
  }
}

/** An error in the form in which it crosses from the worker. */
export interface ErrorMessage {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

/** The message form of anything that was thrown. */
export function toMessage(e: unknown): ErrorMessage {
  if (e instanceof LodestoneError) return { code: e.code, message: e.message, details: e.details };
  const text = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return { code: 'internal', message: `engine: ${text}; this is a bug in Lodestone, please report it`, details: {} };
}

/** The error of a message. */
export function fromMessage(m: ErrorMessage): LodestoneError {
  return new LodestoneError(m.code, m.message, m.details);
}

/** What a call that was cancelled by its signal rejects with. */
export function abortedError(what: string): LodestoneError {
  return new LodestoneError('aborted', `${what} was aborted by its signal; the handle can be used again`);
}
