// The files of an index: fetched, verified, unpacked, each once, within a budget.
import { IndexError } from './wire.js';

const MAX_CONTENT = 4 << 20;
const MAX_MANIFEST = 256 << 10;
/** What a chunk counts as before its answer says its size. */
const USUAL_CHUNK = 4 << 10;
/** Chunks whose content stays in memory. */
const KEPT = 512;

export interface StoreOptions {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The most bytes to transfer in all. */
  budget: number;
  signal?: AbortSignal;
}

/** A table of the manifest: the name of a chunk, and what is known of it. */
export interface TableRef {
  file: string;
  sha256: string;
  size: number;
}

/** Reads the files below the address of a manifest. */
export class Store {
  /** Bytes that came so far, as they travelled. */
  transferred = 0;
  budget: number;
  readonly #base: string;
  readonly #fetch: StoreOptions['fetch'];
  readonly #signal: AbortSignal | undefined;
  readonly #contents = new Map<string, Promise<unknown>>();

  /** @param base the address of the folder, with a slash at its end */
  constructor(base: string, options: StoreOptions) {
    this.#base = base;
    this.#fetch = options.fetch;
    this.#signal = options.signal;
    this.budget = options.budget;
  }

  async manifest(): Promise<unknown> {
    const bytes = await this.#bytes('manifest.json', { cache: 'no-cache', largest: MAX_MANIFEST, expected: 2048 });
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
    } catch {
      throw new IndexError('failed', `index: ${this.#base}manifest.json is not JSON; does src name the folder that lode index wrote?`);
    }
  }

  /** What `parse` makes of a chunk. It is kept, so parse runs once for a chunk. */
  chunk<T>(name: string, parse: (content: Uint8Array) => T, table?: TableRef): Promise<T> {
    const known = this.#contents.get(name);
    if (known) return known as Promise<T>;
    const loading = this.#load(name, table).then(parse);
    loading.catch(() => this.#contents.delete(name)); // ask again: the network may be back
    if (this.#contents.size >= KEPT) this.#contents.delete(this.#contents.keys().next().value!);
    this.#contents.set(name, loading);
    return loading;
  }

  async #load(name: string, table: TableRef | undefined): Promise<Uint8Array> {
    if (!/^[0-9a-f]{32}$/.test(name)) throw new IndexError('damaged', `index: ${JSON.stringify(name)} is no name of a chunk`);
    const packed = await this.#bytes(`chunks/${name}.bin`, { cache: 'default', largest: MAX_CONTENT, expected: table?.size ?? USUAL_CHUNK });
    // Pages without https have no hashes; gzip's own checksum remains.
    const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
    if (subtle) {
      const hash = hex(new Uint8Array(await subtle.digest('SHA-256', packed)));
      if (!hash.startsWith(name) || (table?.sha256 && hash !== table.sha256)) throw new IndexError('damaged', `index: chunks/${name}.bin has the SHA-256 ${hash}; copy the index again`);
    }
    return gunzip(packed, name);
  }

  async #bytes(file: string, { cache, largest, expected }: { cache: RequestCache; largest: number; expected: number }): Promise<Uint8Array<ArrayBuffer>> {
    if (this.transferred + expected > this.budget) throw over(file);
    const init: RequestInit = { cache, credentials: 'same-origin' };
    if (this.#signal) init.signal = this.#signal;
    let response: Response;
    try {
      response = await this.#fetch(this.#base + file, init);
    } catch (e) {
      throw new IndexError('offline', `index: ${this.#base}${file} cannot be fetched: ${e instanceof Error ? e.message : String(e)}`);
    }
    if (!response.ok) throw new IndexError(file === 'manifest.json' ? 'failed' : 'damaged', `index: ${this.#base}${file} answers with status ${response.status}`);
    // What an answer announces counts at once: answers that come side by side share the budget.
    let counted = Number(response.headers.get('content-length')) || 0;
    if (this.transferred + counted > this.budget) {
      void response.body?.cancel().catch(() => {});
      throw over(file);
    }
    this.transferred += counted;
    const parts: Uint8Array[] = [];
    let size = 0;
    const reader = response.body!.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(value);
        size += value.length;
        this.transferred += Math.max(0, size - counted);
        counted = Math.max(counted, size);
        if (size > largest) throw new IndexError('damaged', `index: ${file} has more than ${largest} bytes`);
        if (this.transferred > this.budget) throw over(file);
      }
    } catch (e) {
      void reader.cancel().catch(() => {});
      throw e instanceof IndexError ? e : new IndexError('offline', `index: ${this.#base}${file} broke off after ${size} bytes`);
    } finally {
      this.transferred -= counted - size; // what was announced and did not come
    }
    const all = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function over(file: string): IndexError {
  return new IndexError('overBudget', `index: ${file} would pass the budget`);
}

function hex(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += b.toString(16).padStart(2, '0');
  return out;
}

async function gunzip(packed: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      size += value.length;
      if (size > MAX_CONTENT) break;
    }
  } catch {
    throw new IndexError('damaged', `index: chunks/${name}.bin is not a whole gzip file; copy the index again`);
  }
  if (size > MAX_CONTENT) {
    void reader.cancel().catch(() => {});
    throw new IndexError('damaged', `index: chunks/${name}.bin unpacks to more than ${MAX_CONTENT} bytes`);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
