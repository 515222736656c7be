// Model folders of an edge worker: objects of an R2 bucket where one is bound as BUCKET, else
// static assets. Files larger than a static asset may be lie there in parts, NAME.0, NAME.1,
// …, and parts.json states how large each is.
import { clock } from '../src/worker/patience.ts';
import { ByteStream } from '../src/worker/stream.ts';

/** A part of a file comes from the same machine: one that breaks fails, and the next request loads the model again. */
const PATIENCE = { stallTimeout: 10_000, retries: 0, clock };

/** A response with a file; null if there is none. */
function reader({ ASSETS, BUCKET }) {
  if (BUCKET) {
    return async (key) => {
      const object = await BUCKET.get(key);
      return object && new Response(object.body, { headers: { 'Content-Length': String(object.size) } });
    };
  }
  return async (key) => {
    const r = await ASSETS.fetch(`https://assets/${key.split('/').map(encodeURIComponent).join('/')}`);
    if (r.status === 404) return null;
    if (!r.ok) throw new Error(`status ${r.status}`);
    return r;
  };
}

/** What the Go program calls; memory is the kernels'. */
export function modelFiles(env, memory) {
  const get = reader(env);
  const key = (id, name) => `models/${id}/${name}`;
  return {
    /** A small file whole; null if there is none, its size if that is above limit. */
    async small(id, name, limit) {
      const r = await get(key(id, name));
      if (!r) return null;
      const stated = Number(r.headers.get('content-length'));
      if (stated > limit) {
        await r.body?.cancel();
        return stated;
      }
      const bytes = new Uint8Array(await r.arrayBuffer());
      return bytes.length > limit ? bytes.length : bytes;
    },
    /** A file of weights, null if there is none. */
    async open(id, name) {
      const r = await get(key(id, 'parts.json'));
      const sizes = r && (await r.json())[name];
      return sizes ? new WeightsFile((i) => get(`${key(id, name)}.${i}`), name, sizes, memory) : null;
    },
  };
}

/** The parts of a file, read one after the other from the first byte to the last. */
class WeightsFile {
  #open;
  #name;
  #sizes;
  #memory;
  #part = 0;
  #stream = null;

  constructor(open, name, sizes, memory) {
    this.#open = open;
    this.#name = name;
    this.#sizes = sizes;
    this.#memory = memory;
    this.size = sizes.reduce((a, b) => a + b, 0);
  }

  /** The stream of the current part; null behind the last. */
  #current() {
    if (!this.#stream && this.#part < this.#sizes.length) {
      const i = this.#part;
      const open = async () => {
        const r = await this.#open(i);
        if (!r) throw new Error(`there is no part ${i}`);
        return r;
      };
      const source = { name: `${this.#name}.${i}`, open, patience: PATIENCE, signal: new AbortController().signal };
      this.#stream = new ByteStream(source, { begin() {}, add() {}, end() {}, retry() {} });
    }
    return this.#stream;
  }

  /** Goes to the next part; false behind the last. */
  #next() {
    this.#stream = null;
    return ++this.#part < this.#sizes.length;
  }

  /** The next bytes, at most n; none at the end of the file. */
  async read(n) {
    for (;;) {
      const bytes = (await this.#current()?.read(n)) ?? new Uint8Array(0);
      if (bytes.length > 0 || !this.#next()) return bytes;
    }
  }

  /** Copies the next n bytes to byte at of the memory; returns how many were left, at most n. */
  async fill(at, n) {
    let done = 0;
    while (done < n) {
      const got = (await this.#current()?.fill(this.#memory, at + done, n - done)) ?? 0;
      done += got;
      if (done < n && !this.#next()) break;
    }
    return done;
  }

  async close() {
    await this.#stream?.park();
  }
}
