// Fetches the files of a model folder, and refuses responses that are no such files.
import { type ErrorCode, LodestoneError, shownURL } from '../protocol/error.js';
import type { LoadRequest } from '../protocol/load.js';
import { blockedByPolicy } from './policy.js';
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
  /** The address as messages show it. */
  readonly shown: string;
  readonly #files: Readonly<Record<string, Blob>> | null;
  readonly #token: string;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;

  constructor({ url, files, token }: Pick<LoadRequest, 'url' | 'files' | 'token'>, signal: AbortSignal, meter: ProgressMeter) {
    this.url = url;
    this.shown = shownURL(url);
    this.#files = files;
    this.#token = token;
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
      if (size === 0) {
        throw new LodestoneError('truncated', `fetch: ${this.#path(file)} is empty: the ${this.#files ? 'file has 0 bytes' : 'server answered with 0 bytes'}; check the upload, or remove the file if the folder has none`, { file });
      }
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
      `fetch: got HTML from ${this.#path(file)}: the server answered with a page instead of 404; expected a file of a model folder, so check the address ${this.shown}`,
      { file, url: this.shown },
    );
  }

  /** Requests a file. With from > 0 it requests the bytes from there on; the response may still be the whole file. */
  async #get(file: string, missing: ErrorCode, from: number): Promise<Response> {
    if (this.#files) return given(this.#files, file, missing, from);
    const address = this.#address(file);
    const url = shownURL(address.href);
    const headers: Record<string, string> = {};
    if (from > 0) headers['range'] = `bytes=${from}-`;
    if (this.#token !== '') headers['authorization'] = `Bearer ${this.#token}`;
    let r: Response;
    try {
      r = await fetch(address.href, { signal: this.#signal, headers });
    } catch (e) {
      if (this.#signal.aborted) throw e;
      const policy = await blockedByPolicy(address.href);
      throw new LodestoneError(
        'network',
        policy === ''
          ? `fetch: no response for ${url}: the server cannot be reached, or does not allow this origin (CORS)`
          : `fetch: the Content-Security-Policy forbids ${url}; add ${address.origin === location.origin ? "'self'" : address.origin} to ${policy}`,
        { file, url },
      );
    }
    if (from > 0 && r.status === 416) return r;
    if (!r.ok) {
      r.body?.cancel().catch(() => {}); // cancelling an aborted body rejects
      const gone = r.status === 404 || r.status === 410;
      const closed = r.status === 401 || r.status === 403;
      throw new LodestoneError(
        gone ? missing : 'http_status',
        `fetch: status ${r.status} for ${this.#path(file)}, expected 200; ` +
          (gone
            ? `a model folder holds config.json, tokenizer.json and model.safetensors: check the address ${this.shown}`
            : closed
              ? `the server wants ${this.#token === '' ? 'the option token' : 'another token than this one'}, or has no such model: check the address ${this.shown}`
              : 'check the server'),
        { file, url, status: r.status },
      );
    }
    if (/^\s*(text\/html|application\/xhtml)/i.test(r.headers.get('content-type') ?? '')) return this.#unlabelled(file, r);
    return r;
  }

  /** A response with the type of a page. Some servers give it to every file, so its first bytes decide. */
  async #unlabelled(file: string, r: Response): Promise<Response> {
    const body = r.body?.getReader();
    const first = await body?.read();
    if (!body || !first?.value || looksLikeHTML(first.value)) {
      body?.cancel().catch(() => {});
      throw this.#html(file);
    }
    const { value } = first;
    const rest = new ReadableStream<Uint8Array>({
      start: (c) => c.enqueue(value),
      pull: async (c) => {
        const next = await body.read();
        if (next.done) c.close();
        else c.enqueue(next.value);
      },
      cancel: (why) => body.cancel(why),
    });
    return new Response(rest, { status: r.status, headers: r.headers });
  }
}

/** A file that the page has given, as a response. */
function given(files: Readonly<Record<string, Blob>>, file: string, missing: ErrorCode, from: number): Response {
  const blob = Object.prototype.hasOwnProperty.call(files, file) ? files[file] : undefined;
  if (!blob) {
    const names = Object.keys(files);
    const some = names.slice(0, 8).map((n) => JSON.stringify(n)).join(', ') + (names.length > 8 ? ', …' : '');
    throw new LodestoneError(
      missing === 'http_status' ? 'file_missing' : missing,
      `files: no ${file} among the files that were given (${some}); a model folder holds config.json, tokenizer.json and model.safetensors`,
      { file, given: names.length },
    );
  }
  const part = from > 0 ? blob.slice(from) : blob;
  return new Response(part, { status: from > 0 ? 206 : 200, headers: { 'content-length': String(part.size) } });
}

/** Whether an error means that the file does not exist. An HTML page in its place counts too. */
export function isMissing(e: unknown): boolean {
  return e instanceof LodestoneError && (e.code === 'html_instead_of_model' || e.details['status'] === 404 || e.details['status'] === 410 || e.details['given'] !== undefined);
}

function looksLikeHTML(head: Uint8Array): boolean {
  let i = 0;
  while (i < head.length && i < 64 && (head[i] === 0x20 || head[i] === 0x0a || head[i] === 0x0d || head[i] === 0x09)) i++;
  return head[i] === 0x3c; // '<'
}
