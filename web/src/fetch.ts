// The files of a model folder, fetched so that no wrong answer passes for a file.
import { type ErrorCode, LodestoneError } from './error.js';
import type { ProgressMeter } from './progress.js';
import { ByteStream } from './stream.js';

export interface FileOptions {
  /** The largest size that is taken, in bytes. */
  limit: number;
  /** The code of a file that is too large. */
  tooLarge: ErrorCode;
  /** A file that is not there is null instead of an error. */
  optional?: boolean;
  /** The code of a file that is not there, if it has its own. */
  missing?: ErrorCode;
}

/** One model folder, read once. */
export class Folder {
  readonly url: string;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;

  constructor(url: string, signal: AbortSignal, meter: ProgressMeter) {
    this.url = url;
    this.#signal = signal;
    this.#meter = meter;
  }

  /** A small file, whole. */
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
          throw new LodestoneError(options.tooLarge, `fetch: ${this.#path(file)} has more than ${options.limit} bytes, the limit for this file`, {
            file,
            limit: options.limit,
          });
        }
        parts.push(part.slice()); // the stream reuses its buffer
        if (looksLikeHTML(parts[0]!)) throw this.#html(file);
      }
      await stream.finish();
    } catch (e) {
      if (options.optional && absent(e)) return null;
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

  /** A file as a stream, which is not opened yet. */
  stream(file: string, missing: ErrorCode = 'http_status'): ByteStream {
    return new ByteStream(file, (from) => this.#get(file, missing, from), {
      begin: (total) => this.#meter.begin(file, total),
      add: (n) => this.#meter.add(file, n),
      end: () => this.#meter.end(file),
    });
  }

  /** The address of a file; a query of the folder's address, such as a key, goes with it. */
  #address(file: string): URL {
    const url = new URL(file, this.url);
    url.search = new URL(this.url).search;
    return url;
  }

  /** The address of a file as people know it: the path. */
  #path(file: string): string {
    const { pathname } = this.#address(file);
    try {
      return decodeURI(pathname);
    } catch {
      return pathname; // it has a % that is no escape
    }
  }

  #html(file: string): LodestoneError {
    return new LodestoneError(
      'html_instead_of_model',
      `fetch: got HTML from ${this.#path(file)}: the server rewrote a 404 into a page; expected a file of a model folder, so check the address ${this.url}`,
      { file, url: this.url },
    );
  }

  /** The answer for a file; from > 0 asks for what begins there, and takes a whole file, too. */
  async #get(file: string, missing: ErrorCode, from: number): Promise<Response> {
    const url = this.#address(file).href;
    let r: Response;
    try {
      r = await fetch(url, { signal: this.#signal, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
    } catch (e) {
      if (this.#signal.aborted) throw e;
      throw new LodestoneError(
        'network',
        `fetch: no answer for ${url}: the server cannot be reached, does not allow this origin (CORS), or the page's connect-src forbids it`,
        { file, url },
      );
    }
    if (from > 0 && r.status === 416) return r;
    if (!r.ok) {
      r.body?.cancel().catch(() => {}); // an aborted body refuses to be cancelled
      const gone = r.status === 404 || r.status === 410;
      throw new LodestoneError(
        gone ? missing : 'http_status',
        `fetch: status ${r.status} for ${this.#path(file)}, expected 200; ` +
          (gone ? `a model folder holds config.json, tokenizer.json and model.safetensors: check the address ${this.url}` : 'look into the server'),
        { file, url, status: r.status },
      );
    }
    if (/^\s*(text\/html|application\/xhtml)/i.test(r.headers.get('content-type') ?? '')) {
      r.body?.cancel().catch(() => {}); // an aborted body refuses to be cancelled
      throw this.#html(file);
    }
    return r;
  }
}

/** Tells whether an error means that there is no such file, rewritten 404s included. */
export function absent(e: unknown): boolean {
  return e instanceof LodestoneError && (e.code === 'html_instead_of_model' || e.details['status'] === 404 || e.details['status'] === 410);
}

function looksLikeHTML(head: Uint8Array): boolean {
  let i = 0;
  while (i < head.length && i < 64 && (head[i] === 0x20 || head[i] === 0x0a || head[i] === 0x0d || head[i] === 0x09)) i++;
  return head[i] === 0x3c; // '<'
}
