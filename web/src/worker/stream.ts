// Reading a file once, in pieces, without holding more of it than one network chunk.
import { LodestoneError, shownURL } from '../protocol/error.js';
import { difference, type Version } from '../protocol/version.js';
import type { Sink, Stored } from './load-cache.js';
import { type Patience, pause, pauseBefore, Silence, silent, Stalled } from './patience.js';
import { changed, contentRange, ifRange, versionOf } from './version.js';

/** Callbacks for the progress of a ByteStream. */
export interface StreamWatcher {
  begin(total: number): void;
  add(n: number): void;
  /** The file has come whole; `cached`: out of the browser's storage. */
  end(cached: boolean): void;
  /** A request is sent again after so many milliseconds, as the nth repetition of so many. */
  retry(reason: string, repetition: number, retries: number, wait: number): void;
}

/** Where a ByteStream comes from. */
export interface Source {
  /** The name of the file, for messages. */
  name: string;
  /** Requests the bytes from an offset on, with a value for If-Range. The response may still be the whole file. */
  open(from: number, ifRange: string | null): Promise<Response>;
  patience: Patience;
  signal: AbortSignal;
  /** The file, or its first bytes, out of the browser's storage; null if it has to be fetched. */
  stored?(): Promise<Stored | null>;
  /** Where all bytes go besides; null is nowhere. */
  sink?(version: Version, from: Stored | null): Promise<Sink | null>;
}

const NONE = new Uint8Array(0);

/** How many bytes a repeated request asks for once more, to see that they are the same. */
const SEAM = 1024;

/** After so many bytes a connection that breaks again counts as a new failure. */
const HEALTHY = 1 << 18;

/**
 * A file that is read once, from the first byte to the last. The first read sends the
 * request. Bytes are copied from the network's chunks straight to their destination; at most
 * one chunk is held. A connection that breaks or falls silent is opened again where it broke;
 * the bytes before that point, and what the headers say of the version, must be the same.
 *
 * Methods return a plain value if the bytes have arrived and otherwise a promise: most reads
 * are small, and a promise takes longer than they do.
 */
export class ByteStream {
  readonly #source: Source;
  readonly #watch: StreamWatcher;
  readonly #silence: Silence;
  #response: Promise<Response> | null = null;
  #next: Reader | null = null;
  #chunk = NONE; // the unread rest of the last chunk
  #arrived = 0; // bytes of the file that came, read or not
  #seam = NONE; // the last of them, at most SEAM
  #ended = false;
  #from = 0; // the first byte that the current request asks for
  #skip = 0; // bytes of the response that came before
  #version: Version | null = null;
  #stored: Stored | null = null;
  #sink: Sink | null = null;
  #failures = 0; // since the last HEALTHY bytes
  #atFailure = 0;
  /** The size of the file in bytes, −1 if the server does not state it. */
  size = -1;

  constructor(source: Source, watch: StreamWatcher) {
    this.#source = source;
    this.#watch = watch;
    this.#silence = new Silence(source.patience);
  }

  get name(): string {
    return this.#source.name;
  }

  /** What the server said of the version of the file; null before its first response. */
  get version(): Version | null {
    return this.#version;
  }

  /** Sends the request and resolves with the response, before its body. */
  start(): Promise<Response> {
    if (!this.#response) {
      this.#response = this.#arrived === 0 ? this.#begin() : this.#resume(this.#arrived, this.#version!);
      this.#response.catch(() => {}); // the next read gets this error
    }
    return this.#response;
  }

  /** The next bytes, at most n; an empty array at the end of the file. */
  read(n: number): Uint8Array | Promise<Uint8Array> {
    if (this.#chunk.length > 0 || this.#ended) return this.#take(n);
    return this.#more().then(() => this.#take(n));
  }

  /** Copies the next n bytes to memory at byte offset at; returns how many were left, at most n. */
  fill(memory: WebAssembly.Memory, at: number, n: number): number | Promise<number> {
    if (this.#chunk.length < n && !this.#ended) return this.#fillSlowly(memory, at, n);
    const part = this.#take(n);
    new Uint8Array(memory.buffer, at, part.length).set(part);
    return part.length;
  }

  async #fillSlowly(memory: WebAssembly.Memory, at: number, n: number): Promise<number> {
    let done = 0;
    while (done < n) {
      if (this.#chunk.length === 0) await this.#more();
      const part = this.#take(n - done);
      if (part.length === 0) break;
      // The memory may have grown in the meantime: read its buffer anew.
      new Uint8Array(memory.buffer, at + done, part.length).set(part);
      done += part.length;
    }
    return done;
  }

  /**
   * Closes the connection; the next read requests the rest. A browser opens six connections
   * to a server, and a response that nobody reads occupies one.
   */
  async park(): Promise<void> {
    if (!this.#next || this.#ended) return;
    this.#chunk = this.#chunk.slice();
    this.#ended = this.#arrived === this.size;
    await this.#close();
  }

  /** Ends reading. Returns 0 at the end of the file, otherwise the number of unread bytes that have arrived. */
  async finish(): Promise<number> {
    if (this.#chunk.length === 0) await this.#more();
    const rest = this.#chunk.length;
    if (rest > 0) {
      await this.#next?.cancel();
    } else {
      this.#sink?.end();
      this.#watch.end(this.#stored?.whole ?? false);
    }
    return rest;
  }

  async #begin(): Promise<Response> {
    if (this.#version === null) this.#stored = (await this.#source.stored?.()) ?? null;
    const stored = this.#stored;
    const r = stored ? new Response(stored.blob) : await this.#source.open(0, null);
    const first = this.#version === null; // not so if the first response broke before its first byte
    this.#version = stored ? stored.version : versionOf(r);
    this.size = stored?.whole ? stored.blob.size : this.#version.size;
    if (first) {
      this.#sink = (await this.#source.sink?.(this.#version, stored)) ?? null;
      this.#watch.begin(this.size);
    }
    return r;
  }

  /** Requests the bytes from offset at on, and a few before them. */
  async #resume(at: number, version: Version): Promise<Response> {
    this.#from = at - this.#seam.length;
    const r = await this.#source.open(this.#from, ifRange(version));
    if (r.status === 416) {
      if (this.size > at) throw changed(this.name, `it ends before byte ${at} of ${this.size}`);
      this.#ended = true;
      return r;
    }
    const other = difference(version, versionOf(r));
    if (other !== null) throw changed(this.name, other);
    const range = r.status === 206 ? contentRange(r) : null;
    if (range && range.first !== this.#from) {
      throw new LodestoneError('network', `fetch: the server sent ${this.name} from byte ${range.first}, expected ${this.#from}, the range that was requested; check the server`, {
        file: this.name,
      });
    }
    if (r.status !== 206) this.#from = 0; // the server sends the whole file again
    this.#skip = at - this.#from;
    return r;
  }

  async #close(): Promise<void> {
    const next = this.#next;
    this.#next = this.#response = null;
    await next?.cancel().catch(() => {}); // it ended by itself
  }

  #take(n: number): Uint8Array {
    const part = this.#chunk.subarray(0, n);
    this.#chunk = part.length < this.#chunk.length ? this.#chunk.subarray(part.length) : NONE;
    if (part.length > 0) this.#watch.add(part.length);
    return part;
  }

  async #more(): Promise<void> {
    while (!this.#ended && this.#chunk.length === 0) {
      const response = await this.start();
      if (this.#ended || !response.body) {
        this.#ended = true;
        return;
      }
      this.#next ??= reader(response.body);
      let chunk: Uint8Array<ArrayBuffer> | undefined;
      try {
        chunk = await this.#silence.during(this.#next.read());
        if (!chunk && this.#arrived < this.size) {
          if (this.#stored && this.#arrived === this.#stored.blob.size) {
            await this.#close(); // the part that was stored ends here, and the server has the rest
            continue;
          }
          throw new Error('the body ended early');
        }
      } catch (e) {
        if (e instanceof DOMException && e.name === 'AbortError') throw e;
        await this.#reopen(e instanceof Stalled, shownURL(response.url));
        continue;
      }
      if (chunk) this.#receive(chunk);
      else this.#ended = true;
    }
  }

  /** Takes a chunk from the network. What came before already is only compared. */
  #receive(chunk: Uint8Array<ArrayBuffer>): void {
    const again = Math.min(this.#skip, chunk.length);
    const seamAt = this.#arrived - this.#seam.length;
    const at = this.#arrived - this.#skip;
    for (let i = Math.max(0, seamAt - at); i < again; i++) {
      if (chunk[i] !== this.#seam[at + i - seamAt]) throw changed(this.name, `byte ${at + i} differs`);
    }
    this.#skip -= again;
    this.#chunk = chunk.subarray(again);
    this.#sink?.add(this.#chunk, this.#arrived);
    this.#arrived += this.#chunk.length;
    if (this.#chunk.length >= SEAM) this.#seam = this.#chunk.slice(-SEAM);
    else if (this.#chunk.length > 0) this.#seam = joined(this.#seam, this.#chunk).slice(-SEAM);
    if (this.#arrived - this.#atFailure >= HEALTHY) this.#failures = 0;
  }

  /** Closes a broken connection and waits before the next one; throws after too many. */
  async #reopen(stalled: boolean, url: string): Promise<void> {
    const { patience, signal, name } = this.#source;
    await this.#close();
    const of = this.size < 0 ? '' : ` of ${this.size}`;
    const details = { file: name, url, received: this.#arrived };
    if (this.#failures >= patience.retries) {
      const came = `after ${this.#arrived}${of} bytes had arrived of ${url || name}`;
      throw stalled
        ? silent(came, patience.stallTimeout, details)
        : new LodestoneError('network', `fetch: the connection broke ${came}; try again`, details);
    }
    this.#failures++;
    this.#atFailure = this.#arrived;
    const wait = pauseBefore(this.#failures);
    this.#watch.retry(`the connection ${stalled ? 'fell silent' : 'broke'} after ${this.#arrived}${of} bytes`, this.#failures, patience.retries, wait);
    await pause(wait, signal, patience.clock);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

interface Reader {
  /** The next chunk; undefined at the end of the body. */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

const CHUNK = 1 << 18;

/**
 * A reader that has the browser write every chunk into the same buffer, if the browser
 * supports that: otherwise each chunk becomes garbage, as many bytes as the model has. A
 * chunk is valid until the next read.
 */
function reader(body: ReadableStream<Uint8Array>): Reader {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = body.getReader({ mode: 'byob' });
  } catch {
    const plain = body.getReader();
    return {
      read: async () => (await plain.read()).value as Uint8Array<ArrayBuffer> | undefined,
      cancel: () => plain.cancel(),
    };
  }
  let buffer = new ArrayBuffer(CHUNK);
  return {
    async read() {
      const { value, done } = await byob.read(new Uint8Array(buffer));
      if (done || !value) return undefined;
      buffer = value.buffer; // the buffer was transferred and comes back
      return value;
    },
    cancel: () => byob.cancel(),
  };
}
