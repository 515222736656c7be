// Fetches the files of a model folder, and refuses responses that are no such files.
import { type ErrorCode, LodestoneError } from '../protocol/error.js';
import { difference } from '../protocol/version.js';
import type { StoredFile } from '../storage/folder-store.js';
import type { Freshness, LoadCache } from './load-cache.js';
import { LONGEST_PAUSE, passes, type Patience, pause, pauseBefore, retryAfter, silent, Stalled, within } from './patience.js';
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

/** A model folder: on a server, with what the browser's storage has of it. */
export class Folder {
  readonly url: string;
  readonly #signal: AbortSignal;
  readonly #meter: ProgressMeter;
  readonly #patience: Patience;
  readonly #cache: LoadCache | null;
  readonly #offline: boolean;
  #manifest: Promise<Uint8Array | null> | null = null;
  /** manifest.json was asked for in vain: the server is not there. */
  #unreachable = false;

  /** `offline` uses no network. */
  constructor(url: string, signal: AbortSignal, meter: ProgressMeter, patience: Patience, cache: LoadCache | null, offline: boolean) {
    this.url = url;
    this.#signal = signal;
    this.#meter = meter;
    this.#patience = patience;
    this.#cache = cache;
    this.#offline = offline;
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
      const r = await within(fetch(this.#address(file).href, { method: 'HEAD', signal: this.#signal }), stallTimeout, clock);
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
      `fetch: got HTML from ${this.#path(file)}: the server answered with a page instead of 404; expected a file of a model folder, so check the address ${this.url}`,
      { file, url: this.url },
    );
  }

  /**
   * Requests a file. With from > 0 it requests the bytes from there on; the response may still
   * be the whole file. A request that may succeed a little later is sent again.
   */
  async #get(file: string, missing: ErrorCode, from: number, ifRange: string | null, { retries, clock }: Patience): Promise<Response> {
    const url = this.#address(file);
    const headers: Record<string, string> = {};
    if (from > 0) {
      headers['range'] = `bytes=${from}-`;
      // Another origin would have to allow this header; there the answer is only compared.
      if (ifRange !== null && url.origin === globalThis.location?.origin) headers['if-range'] = ifRange;
    }
    for (let repetition = 1; ; repetition++) {
      const answer = await this.#ask(file, url.href, headers);
      if (answer instanceof Response && (answer.ok || !passes(answer.status))) return this.#accept(answer, file, missing, from, repetition);
      const asked = answer instanceof Response ? retryAfter(answer.headers.get('retry-after')) : null;
      const wait = asked ?? pauseBefore(repetition);
      const offline = !(answer instanceof Response) && globalThis.navigator?.onLine === false;
      if (repetition > retries || wait > LONGEST_PAUSE || offline) {
        if (answer instanceof Response) return this.#accept(answer, file, missing, from, repetition);
        throw answer;
      }
      if (answer instanceof Response) answer.body?.cancel().catch(() => {});
      this.#meter.retry(file, answer instanceof Response ? `status ${answer.status}` : answer.message, repetition, retries, wait);
      await pause(wait, this.#signal, clock);
    }
  }

  /** Sends one request. Returns what came: a response, or why there is none. */
  async #ask(file: string, url: string, headers: Record<string, string>): Promise<Response | LodestoneError> {
    const { stallTimeout, clock } = this.#patience;
    const request = new AbortController(); // it ends the body, too
    const stop = (): void => request.abort(this.#signal.reason);
    if (this.#signal.aborted) stop();
    this.#signal.addEventListener('abort', stop, { once: true });
    try {
      return await within(fetch(url, { signal: request.signal, headers }), stallTimeout, clock);
    } catch (e) {
      if (this.#signal.aborted) throw e;
      request.abort();
      if (e instanceof Stalled) return silent(url, stallTimeout, { file, url });
      return new LodestoneError(
        'network',
        `fetch: no response for ${url}: the server cannot be reached, does not allow this origin (CORS), or the page's connect-src forbids it`,
        { file, url },
      );
    }
  }

  /** The response, if it is one to read. */
  #accept(r: Response, file: string, missing: ErrorCode, from: number, requests: number): Response {
    if (from > 0 && r.status === 416) return r;
    if (!r.ok) {
      r.body?.cancel().catch(() => {}); // cancelling an aborted body rejects
      const gone = r.status === 404 || r.status === 410;
      throw new LodestoneError(
        gone ? missing : 'http_status',
        `fetch: status ${r.status} for ${this.#path(file)}, expected 200; ` +
          (gone
            ? `a model folder holds config.json, tokenizer.json and model.safetensors: check the address ${this.url}`
            : requests > 1
              ? `it was requested ${requests} times: try again later, or check the server`
              : 'check the server'),
        { file, url: this.#address(file).href, status: r.status },
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
