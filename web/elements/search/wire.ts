// The fields of a chunk, as FORMAT.md of models/siteindex defines them.

/** Why a search has no answer, or not the whole one; the element has a sentence for each. */
export type Problem = 'failed' | 'otherVersion' | 'damaged' | 'offline' | 'overBudget' | 'unknownScript' | 'noWords' | 'tooLong' | 'longPage';

/** What stopped the reader of an index. */
export class IndexError extends Error {
  readonly code: Problem;

  constructor(code: Problem, message: string) {
    super(message);
    this.name = 'IndexError';
    this.code = code;
  }
}

const VERSION = 2;
const LIMIT = 2 ** 32;
const text = new TextDecoder('utf-8', { fatal: true });

/** Reads the fields of a chunk in order. Whatever the bytes are, it ends in values in range or in an IndexError. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 5;

  /** @param letters the four letters with which the chunk has to begin */
  constructor(bytes: Uint8Array, letters: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = letters;
    for (let i = 0; i < 4; i++) if (bytes[i] !== letters.charCodeAt(i)) throw this.damaged('begins with other letters');
    if (bytes[4] !== VERSION) throw new IndexError('otherVersion', `index: a chunk ${letters} has version ${bytes[4]}, expected ${VERSION}; build the index again`);
  }

  damaged(what: string): IndexError {
    return new IndexError('damaged', `index: a chunk ${this.#name} ${what}; copy the index again or rebuild it`);
  }

  #take(n: number): number {
    const at = this.#at;
    if (at + n > this.#bytes.length) throw this.damaged('ends early');
    this.#at = at + n;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  f32(): number {
    const value = this.#view.getFloat32(this.#take(4), true);
    if (!Number.isFinite(value)) throw this.damaged('has a number that is not finite');
    return value;
  }

  uv(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (value >= LIMIT) break;
        return value;
      }
    }
    throw this.damaged('has a number out of range');
  }

  /** A number of things that each take at least `least` bytes: no more than the chunk can hold. */
  count(least = 1): number {
    const n = this.uv();
    if (n * least > this.#bytes.length - this.#at) throw this.damaged(`announces ${n} entries, more than it holds`);
    return n;
  }

  /** A number below a limit. */
  below(limit: number): number {
    const n = this.uv();
    if (n >= limit) throw this.damaged(`has ${n} where less than ${limit} is possible`);
    return n;
  }

  take(n: number): Uint8Array {
    const at = this.#take(n);
    return this.#bytes.subarray(at, at + n);
  }

  i8s(n: number): Int8Array {
    const b = this.take(n);
    return new Int8Array(b.buffer, b.byteOffset, n);
  }

  str(): string {
    return this.#decode(this.take(this.count()));
  }

  #decode(bytes: Uint8Array): string {
    try {
      return text.decode(bytes);
    } catch {
      throw this.damaged('has text that is not UTF-8');
    }
  }

  /** The name of a chunk; empty for none. */
  ref(): string {
    let name = '';
    for (const b of this.take(16)) name += b.toString(16).padStart(2, '0');
    return /^0+$/.test(name) ? '' : name;
  }

  /** A reader of a front-coded list of strings. */
  front(): () => string {
    let before = new Uint8Array(0);
    let first = true;
    return () => {
      const shared = this.uv();
      if (shared > before.length || (first && shared > 0)) throw this.damaged('shares more bytes with a string than it has');
      first = false;
      const rest = this.take(this.count());
      const now = new Uint8Array(shared + rest.length);
      now.set(before.subarray(0, shared));
      now.set(rest, shared);
      before = now;
      return this.#decode(now);
    };
  }

  /** Nothing is left. */
  done(): boolean {
    return this.#at === this.#bytes.length;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw this.damaged('has bytes left');
  }
}
