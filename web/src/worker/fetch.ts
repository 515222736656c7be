// Fetches the files of a model folder, and refuses responses that are no such files.
import { type ErrorCode, LodestoneError } from '../protocol/error.js';
import type { ProgressMeter } from './progress-meter.js';
import { ByteStream } from './stream.js';

export interface FileOptions {
  /** The largest accepted size, in bytes. */
  limit: number;
  /** The error code of a file that is too large. */
  tooLarge: ErrorCode;
  /** True returns null for a missing file instead of an error. */
  optional?: boolean;
  /** The error code of a missing file, if it has its own. */
  missing?: ErrorCode;
}

/** A model folder. */
export class Folder {
  readonly url: string;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;

  constructor(url: string, signal: AbortSignal, meter: ProgressMeter) {
    this.url = url;
    this.#signal = signal;
    this.#meter = meter;
  }

  /** Reads a small file. */
  async bytes(file: string, options: FileOptions): Promise<Uint8Array | null> {
    const stream = this.stream(file, options.missing);
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      for (;;) {
        const part = await stream.read(1 << 20);
        if (part.length === 0) break;
        size += part.length;
        if (size > options.limit) {
          throw new LodestoneError(options.tooLarge, `fetch: ${this.#path(file)} is larger than ${options.limit} bytes, the limit for this file`, {
            file,
            limit: options.limit,
          });
        }
        parts.push(part.slice()); // the stream reuses its buffer
        if (looksLikeHTML(parts[0]!)) throw this.#html(file);
      }
      await stream.finish();
    } catch (e) {
      if (options.optional && isMissing(e)) return null;
      throw e;
    }
    const out = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** A file as a stream. The first read sends the request. */
  stream(file: string, missing: ErrorCode = 'http_status'): ByteStream {
    return new ByteStream(file, (from) => this.#get(file, missing, from), {
      begin: (total) => this.#meter.begin(file, total),
      add: (n) => this.#meter.add(file, n),
      end: () => this.#meter.end(file),
    });
  }

  /** The address of a file, with the query of the folder's address, such as a key. */
  #address(file: string): URL {
    const url = new URL(file, this.url);
    url.search = new URL(this.url).search;
    return url;
  }

  /** The path of a file, for error messages. */
  #path(file: string): string {
    const { pathname } = this.#address(file);
    try {
      return decodeURI(pathname);
    } catch {
      return pathname; // it has a % that is not an escape
    }
  }

  #html(file: string): LodestoneError {
    return new LodestoneError(
      'html_instead_of_model',
      `fetch: got HTML from ${this.#path(file)}: the server answered with a page instead of 404; expected a file of a model folder, so check the address ${this.url}`,
      { file, url: this.url },
    );
  }

  /** Requests a file. With from > 0 it requests the bytes from there on; the response may still be the whole file. */
  async #get(file: string, missing: ErrorCode, from: number): Promise<Response> {
    const url = this.#address(file).href;
    let r: Response;
    try {
      r = await fetch(url, { signal: this.#signal, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
    } catch (e) {
      if (this.#signal.aborted) throw e;
      throw new LodestoneError(
        'network',
        `fetch: no response for ${url}: the server cannot be reached, does not allow this origin (CORS), or the page's connect-src forbids it`,
        { file, url },
      );
    }
    if (from > 0 && r.status === 416) return r;
    if (!r.ok) {
      r.body?.cancel().catch(() => {}); // cancelling an aborted body rejects
      const gone = r.status === 404 || r.status === 410;
      throw new LodestoneError(
        gone ? missing : 'http_status',
        `fetch: status ${r.status} for ${this.#path(file)}, expected 200; ` +
          (gone ? `a model folder holds config.json, tokenizer.json and model.safetensors: check the address ${this.url}` : 'check the server'),
        { file, url, status: r.status },
      );
    }
    if (/^\s*(text\/html|application\/xhtml)/i.test(r.headers.get('content-type') ?? '')) {
      r.body?.cancel().catch(() => {}); // cancelling an aborted body rejects
      throw this.#html(file);
    }
    return r;
  }
}

/** Whether an error means that the file does not exist. An HTML page in its place counts too. */
export function isMissing(e: unknown): boolean {
  return e instanceof LodestoneError && (e.code === 'html_instead_of_model' || e.details['status'] === 404 || e.details['status'] === 410);
}

function looksLikeHTML(head: Uint8Array): boolean {
  let i = 0;
  while (i < head.length && i < 64 && (head[i] === 0x20 || head[i] === 0x0a || head[i] === 0x0d || head[i] === 0x09)) i++;
  return head[i] === 0x3c; // '<'
}
