// Model folders among the static assets of an edge worker. Files larger than a static asset
// may be lie there in parts, NAME.0, NAME.1, …, and parts.json says how large each is.
import { ByteStream } from '../src/worker/stream.ts';

/** What the Go program calls; memory is the kernels'. */
export function modelFiles(assets, memory) {
  const address = (id, name) => `https://assets/models/${id.split('/').map(encodeURIComponent).join('/')}/${name}`;
  const get = async (url) => {
    const r = await assets.fetch(url);
    if (r.status === 404) return null;
    if (!r.ok) throw new Error(`status ${r.status}`);
    return r;
  };
  return {
    /** A small file whole; null if there is none, its size if that is above limit. */
    async small(id, name, limit) {
      const r = await get(address(id, name));
      if (!r) return null;
      const bytes = new Uint8Array(await r.arrayBuffer());
      return bytes.length > limit ? bytes.length : bytes;
    },
    /** A file of weights, null if there is none. */
    async open(id, name) {
      const r = await get(address(id, 'parts.json'));
      const sizes = r && (await r.json())[name];
      return sizes ? new WeightsFile((i) => get(`${address(id, name)}.${i}`), name, sizes, memory) : null;
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
      this.#stream = new ByteStream(`${this.#name}.${i}`, open, { begin() {}, add() {}, end() {} });
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
