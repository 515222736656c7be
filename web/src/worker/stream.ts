// Reading a file once, in pieces, without holding more of it than one network chunk.
import { LodestoneError, shownURL } from '../protocol/error.js';

/** Callbacks for the progress of a ByteStream. */
export interface StreamWatcher {
  begin(total: number): void;
  add(n: number): void;
  end(): void;
}

const NONE = new Uint8Array(0);

/**
 * A file that is read once, from the first byte to the last. The first read sends the
 * request. Bytes are copied from the network's chunks straight to their destination; at most
 * one chunk is held.
 *
 * Methods return a plain value if the bytes have arrived and otherwise a promise: most reads
 * are small, and a promise takes longer than they do.
 */
export class ByteStream {
  readonly name: string;
  readonly #open: (from: number) => Promise<Response>;
  readonly #watch: StreamWatcher;
  #response: Promise<Response> | null = null;
  #next: Reader | null = null;
  #chunk = NONE; // the unread rest of the last chunk
  #position = 0; // bytes that were read
  #reading: Promise<void> | null = null;
  #ended = false;
  #from = 0; // the first byte of the current request
  #skip = 0; // bytes of the response that were read before
  /** The size of the file in bytes, −1 if the server does not state it. */
  size = -1;

  constructor(name: string, open: (from: number) => Promise<Response>, watch: StreamWatcher) {
    this.name = name;
    this.#open = open;
    this.#watch = watch;
  }

  /** Sends the request and resolves with the response, before its body. */
  start(): Promise<Response> {
    if (!this.#response) {
      const from = this.#from;
      this.#response = this.#open(from).then((r) => {
        if (from > 0) {
          if (r.status === 416) this.#ended = true; // the file ends there
          else if (r.status !== 206) this.#skip = from; // the server sends the whole file again
          return r;
        }
        const stated = contentLength(r);
        if (this.size < 0) this.size = stated;
        this.#watch.begin(stated);
        // The first chunk is read as it comes: if the connection breaks before anybody reads, the
        // error can tell that bytes arrived.
        void Promise.resolve().then(() => this.#more()).catch(() => {});
        return r;
      });
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
    const next = this.#next;
    this.#next = this.#response = null;
    this.#from = this.#position + this.#chunk.length;
    this.#chunk = this.#chunk.slice();
    this.#ended = this.#from === this.size;
    await next.cancel().catch(() => {}); // it ended by itself
  }

  /** Ends reading. Returns 0 at the end of the file, otherwise the number of unread bytes that have arrived. */
  async finish(): Promise<number> {
    if (this.#chunk.length === 0) await this.#more();
    const rest = this.#chunk.length;
    if (rest > 0) await this.#next?.cancel();
    else this.#watch.end();
    return rest;
  }

  #take(n: number): Uint8Array {
    const part = this.#chunk.subarray(0, n);
    this.#chunk = part.length < this.#chunk.length ? this.#chunk.subarray(part.length) : NONE;
    this.#position += part.length;
    if (part.length > 0) this.#watch.add(part.length);
    return part;
  }

  /** Reads the next chunk, once for all that wait for it. */
  #more(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<void> {
    while (!this.#ended && this.#chunk.length === 0) {
      const response = await this.start();
      if (this.#ended || !response.body) {
        this.#ended = true;
        return;
      }
      this.#next ??= reader(response.body);
      let chunk;
      try {
        chunk = await this.#next.read();
      } catch (e) {
        if (e instanceof DOMException && e.name === 'AbortError') throw e;
        const of = this.size < 0 ? '' : ` of ${this.size}`;
        throw new LodestoneError(
          'network',
          `fetch: the connection broke after ${this.#position}${of} bytes had arrived of ${shownURL(response.url) || this.name}; try again`,
          { file: this.name, url: shownURL(response.url), received: this.#position },
        );
      }
      if (chunk) {
        this.#chunk = chunk.subarray(this.#skip);
        this.#skip -= chunk.length - this.#chunk.length;
      }
      else this.#ended = true;
    }
  }
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

/**
 * The size that a response states, −1 if it states none that can be trusted: Content-Length
 * counts compressed bytes, and Content-Encoding of another origin is not readable.
 */
export function contentLength(r: Response): number {
  const encoding = r.headers.get('content-encoding');
  if ((encoding !== null && encoding !== 'identity') || r.type === 'cors') return -1;
  const stated = r.headers.get('content-length');
  return stated !== null && /^\d{1,15}$/.test(stated) ? Number(stated) : -1;
}
