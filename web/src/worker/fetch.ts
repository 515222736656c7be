// Fetches the files of a model folder, and refuses responses that are no such files.
import { type ErrorCode, LodestoneError, shownURL } from '../protocol/error.js';
import type { LoadRequest } from '../protocol/load.js';
import { difference } from '../protocol/version.js';
import type { StoredFile } from '../storage/folder-store.js';
import type { Freshness, LoadCache } from './load-cache.js';
import { request } from './net.js';
import { clock, LONGEST_PAUSE, passes, type Patience, pause, pauseBefore, retryAfter, silent, Stalled, within } from './patience.js';
import { blockedByPolicy } from './policy.js';
import type { ProgressMeter } from './progress-meter.js';
import { ByteStream } from './stream.js';
import { versionOf } from './version.js';

const MANIFEST = 'manifest.json';
const MANIFEST_LIMIT = 1 << 20;

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

/** What a folder takes of the request for it. */
export type FolderRequest = Pick<LoadRequest, 'url' | 'files' | 'token' | 'stallTimeout' | 'retries' | 'cache'>;

/** A model folder: the files of a page, or on a server, with what the browser's storage has of it. */
export class Folder {
  readonly url: string;
  /** The address as messages show it. */
  readonly shown: string;
  readonly #files: Readonly<Record<string, Blob>> | null;
  readonly #token: string;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;
  readonly #patience: Patience;
  readonly #cache: LoadCache | null;
  readonly #offline: boolean;
  #manifest: Promise<Uint8Array | null> | null = null;
  /** manifest.json was asked for in vain: the server is not there. */
  #unreachable = false;

  /** `stored` is what the browser's storage has; null is nothing. */
  constructor({ url, files, token, stallTimeout, retries, cache }: FolderRequest, signal: AbortSignal, meter: ProgressMeter, stored: LoadCache | null) {
    this.url = url;
    this.shown = shownURL(url);
    this.#files = files;
    this.#token = token;
    this.#signal = signal;
    this.#meter = meter;
    this.#patience = { stallTimeout, retries, clock };
    this.#cache = stored;
    this.#offline = files === null && cache === 'only-if-cached';
  }

  /** manifest.json; null if the folder has none. Other files are compared with it, so it is the server's if there is a server. */
  manifest(): Promise<Uint8Array | null> {
    return (this.#manifest ??= this.#readManifest());
  }

  async #readManifest(): Promise<Uint8Array | null> {
    const options: FileOptions = { limit: MANIFEST_LIMIT, tooLarge: 'manifest_invalid', optional: true };
    const stored = this.#cache?.has('config.json') ?? false;
    if (!this.#offline) {
      try {
        return await this.#bytes(MANIFEST, options, this.#stream(MANIFEST, 'http_status', { fetched: true, retries: stored ? 0 : this.#patience.retries }));
      } catch (e) {
        if (!stored || !(e instanceof LodestoneError && e.code === 'network')) throw e;
        this.#unreachable = true;
      }
    }
    return this.#cache?.has(MANIFEST) ? this.#bytes(MANIFEST, options, this.#stream(MANIFEST, 'http_status', { fetched: false, retries: 0 })) : null;
  }

  /** The SHA-256 that manifest.json has of a file; null if there is none. */
  async listed(file: string): Promise<string | null> {
    try {
      const { files } = JSON.parse(new TextDecoder().decode((await this.manifest()) ?? undefined)) as { files: { path: string; sha256: string }[] };
      return files.find((f) => f.path === file)?.sha256 ?? null;
    } catch {
      return null; // the engine says what is wrong with it
    }
  }

  /** Whether the server still has a file that is stored. */
  async #fresh(file: string, stored: StoredFile): Promise<Freshness> {
    // manifest.json itself is looked up here once its server was found to be gone.
    const manifest = this.#unreachable ? null : await this.manifest();
    if (this.#unreachable) return 'unreachable';
    if (manifest) return (await this.listed(file)) === stored.sha256 ? 'same' : 'other';
    const { stallTimeout, clock } = this.#patience;
    try {
      const r = await within(request(this.#address(file).href, { method: 'HEAD', signal: this.#signal, headers: this.#headers() }), stallTimeout, clock);
      return r.ok && difference(stored.version, versionOf(r)) === null ? 'same' : 'other';
    } catch (e) {
      if (this.#signal.aborted) throw e;
      return 'unreachable';
    }
  }

  /** Reads a small file. */
  bytes(file: string, options: FileOptions): Promise<Uint8Array | null> {
    return this.#bytes(file, options, this.stream(file, options.missing));
  }

  async #bytes(file: string, options: FileOptions, stream: ByteStream): Promise<Uint8Array | null> {
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
    return this.#stream(file, missing, { fetched: false, retries: this.#patience.retries });
  }

  /** `fetched` takes nothing out of the storage. */
  #stream(file: string, missing: ErrorCode, { fetched, retries }: { fetched: boolean; retries: number }): ByteStream {
    const cache = this.#cache;
    const patience = { ...this.#patience, retries };
    return new ByteStream(
      {
        name: file,
        open: (from, ifRange) => this.#get(file, missing, from, ifRange, patience),
        patience,
        signal: this.#signal,
        stored: async () => (fetched || !cache ? null : cache.find(file, (f) => this.#fresh(file, f))),
        sink: async (version, from) => cache?.sink(file, version, from) ?? null,
      },
      {
        begin: (total) => this.#meter.begin(file, total),
        add: (n) => this.#meter.add(file, n),
        end: (cached) => this.#meter.end(file, cached),
        retry: (reason, repetition, of, wait) => this.#meter.retry(file, reason, repetition, of, wait),
      },
    );
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

  /**
   * Requests a file. With from > 0 it requests the bytes from there on; the response may still
   * be the whole file. A request that may succeed a little later is sent again.
   */
  async #get(file: string, missing: ErrorCode, from: number, ifRange: string | null, { retries, clock }: Patience): Promise<Response> {
    if (this.#files) return given(this.#files, file, missing, from);
    if (this.#offline) throw noStorage(file);
    const url = this.#address(file);
    const headers = this.#headers();
    if (from > 0) {
      headers['range'] = `bytes=${from}-`;
      // Another origin would have to allow this header; there the answer is only compared.
      if (ifRange !== null && url.origin === globalThis.location?.origin) headers['if-range'] = ifRange;
    }
    for (let repetition = 1; ; repetition++) {
      const answer = await this.#ask(file, url, headers);
      if (answer instanceof Response && (answer.ok || !passes(answer.status))) return this.#accept(answer, file, missing, from, repetition);
      const asked = answer instanceof Response ? retryAfter(answer.headers.get('retry-after')) : null;
      const wait = asked ?? pauseBefore(repetition);
      // The network of the device is off, or the page's policy forbids the request: neither passes by itself.
      const vain = !(answer instanceof Response) && (globalThis.navigator?.onLine === false || answer.details['policy'] !== undefined);
      if (repetition > retries || wait > LONGEST_PAUSE || vain) {
        if (answer instanceof Response) return this.#accept(answer, file, missing, from, repetition);
        throw answer;
      }
      if (answer instanceof Response) answer.body?.cancel().catch(() => {});
      this.#meter.retry(file, answer instanceof Response ? `status ${answer.status}` : answer.message, repetition, retries, wait);
      await pause(wait, this.#signal, clock);
    }
  }

  /** The headers of each request. */
  #headers(): Record<string, string> {
    return this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
  }

  /** Sends one request. Returns what came: a response, or why there is none. */
  async #ask(file: string, address: URL, headers: Record<string, string>): Promise<Response | LodestoneError> {
    const { stallTimeout, clock } = this.#patience;
    const url = shownURL(address.href);
    const sent = new AbortController(); // it ends the body, too
    const stop = (): void => sent.abort(this.#signal.reason);
    if (this.#signal.aborted) stop();
    this.#signal.addEventListener('abort', stop, { once: true });
    try {
      return await within(request(address.href, { signal: sent.signal, headers }), stallTimeout, clock);
    } catch (e) {
      if (this.#signal.aborted) throw e;
      sent.abort();
      if (e instanceof Stalled) return silent(url, stallTimeout, { file, url });
      const policy = await blockedByPolicy(address.href);
      if (policy === '') return new LodestoneError('network', `fetch: no response for ${url}: the server cannot be reached, or does not allow this origin (CORS)`, { file, url });
      const source = address.origin === globalThis.location?.origin ? "'self'" : address.origin;
      return new LodestoneError('network', `fetch: the Content-Security-Policy forbids ${url}; add ${source} to ${policy}`, { file, url, policy });
    }
  }

  /** The response, if it is one to read. */
  #accept(r: Response, file: string, missing: ErrorCode, from: number, requests: number): Response | Promise<Response> {
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
              : requests > 1
                ? `it was requested ${requests} times: try again later, or check the server`
                : 'check the server'),
        { file, url: shownURL(this.#address(file).href), status: r.status },
      );
    }
    if (/^\s*(text\/html|application\/xhtml)/i.test(r.headers.get('content-type') ?? '') && r.status !== 206) return this.#unlabelled(file, r);
    return r;
  }

  /** A response with the type of a page. Some servers give it to every file, so its first bytes decide. */
  async #unlabelled(file: string, r: Response): Promise<Response> {
    const body = r.body?.getReader();
    const { stallTimeout, clock } = this.#patience;
    const first = body && (await within(body.read(), stallTimeout, clock).catch((e: unknown) => {
      throw e instanceof Stalled ? silent(this.shown, stallTimeout, { file, url: this.shown }) : e;
    }));
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
    const headers = new Headers(r.headers);
    if (r.type === 'cors') headers.delete('content-length'); // see contentLength in version.ts
    return new Response(rest, { status: r.status, headers });
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
  const headers = new Headers({ 'content-length': String(part.size) });
  if (from > 0) headers.set('content-range', `bytes ${from}-${blob.size - 1}/${blob.size}`);
  return new Response(part, { status: from > 0 ? 206 : 200, headers });
}

/** The error of a file that could only be in a storage that is not there. As with a 404, a file that a folder need not have is left out. */
function noStorage(file: string): LodestoneError {
  return new LodestoneError('network', `cache: ${file} cannot be loaded: there is no storage of models here, and the network is not used (offline)`, { file, status: 404 });
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
