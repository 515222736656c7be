// Errors, and the form in which they cross from the worker.

/**
 * What went wrong, for programs to compare. Codes never change; messages may. web/ERRORS.md
 * explains each code and what to do.
 */
export type ErrorCode =
  // The files of a model.
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
  | 'file_missing'
  // The network.
  | 'html_instead_of_model'
  | 'http_status'
  | 'network'
  // The arguments of a call.
  | 'invalid_text'
  | 'text_too_long'
  | 'invalid_argument'
  // The life of a handle.
  | 'aborted'
  | 'disposed'
  | 'out_of_memory'
  | 'device_lost'
  | 'engine_crashed'
  | 'engine_missing'
  | 'unsupported_browser'
  | 'internal';

/** Facts that belong to an error: the file, the status, the index of a text. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * The only class of errors that this module throws. `message` says what was found, what was
 * expected and what to do.
 */
export class LodestoneError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LodestoneError';
    this.code = code;
    this.details = details;
  }
}

/** An error as a message. */
export interface ErrorMessage {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

/** Makes a message of anything that was thrown. The Go program throws messages. */
export function toMessage(e: unknown): ErrorMessage {
  if (e instanceof LodestoneError || isMessage(e)) return { code: e.code, message: e.message, details: e.details };
  const text = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return { code: 'internal', message: `engine: ${text}; this is a bug in Lodestone, please report it`, details: {} };
}

function isMessage(e: unknown): e is ErrorMessage {
  return typeof e === 'object' && e !== null && !(e instanceof Error) && 'code' in e && 'message' in e;
}

/** Makes an error of a message. */
export function fromMessage(m: ErrorMessage): LodestoneError {
  return new LodestoneError(m.code, m.message, m.details);
}

/** The error of a call that its signal aborted. Its `cause` is the signal's reason. */
export function abortedError(what: string, signal?: AbortSignal | null): LodestoneError {
  const reason: unknown = signal?.reason;
  // Without a reason of its own, abort() gives a DOMException whose message says nothing more.
  const own = reason instanceof Error && reason.name !== 'AbortError' ? reason.message : typeof reason === 'string' ? reason : '';
  const why = own === '' ? '' : ` (${own})`;
  return new LodestoneError('aborted', `${what} was aborted by its signal${why}; the handle can be used again`, {}, { cause: reason });
}

/**
 * An address as messages may show it: without a user, a password and the values of its query,
 * which may be secrets.
 */
export function shownURL(url: string): string {
  const q = url.search(/[?#]/);
  const path = q < 0 ? url : url.slice(0, q);
  return path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1…@') + (q < 0 ? '' : '?…');
}
