// Tokens on their way from the Go program to the next message to the page.
import type { Tokens } from '../protocol/generation.js';

/** Holds tokens until they are sent. Adding a token allocates only if more wait than ever before. */
export class TokenBuffer {
  #numbers = new Int32Array(3 * 64); // the layout of Tokens
  #bytes = new Uint8Array(1024); // UTF-8
  #count = 0; // numbers in #numbers
  #length = 0; // bytes in #bytes
  #units = 0; // UTF-16 units of these bytes

  /** Adds a token. Its text is n bytes of memory at address at, whole characters in UTF-8. */
  add(sequence: number, id: number, memory: Uint8Array, at: number, n: number): void {
    if (this.#count === this.#numbers.length) this.#numbers = grown(this.#numbers, new Int32Array(2 * this.#count));
    if (this.#length + n > this.#bytes.length) this.#bytes = grown(this.#bytes, new Uint8Array(2 * (this.#length + n)));
    for (let i = at; i < at + n; i++) {
      const b = memory[i]!;
      this.#bytes[this.#length++] = b;
      if (b < 0x80 || b >= 0xc0) this.#units += b < 0xf0 ? 1 : 2; // the first byte of a character
    }
    this.#numbers[this.#count++] = sequence;
    this.#numbers[this.#count++] = id;
    this.#numbers[this.#count++] = this.#units;
  }

  /** Returns the tokens and removes them; null if there are none. */
  take(): Tokens | null {
    if (this.#count === 0) return null;
    const tokens = { numbers: this.#numbers.slice(0, this.#count), text: decoder.decode(this.#bytes.subarray(0, this.#length)) };
    this.clear();
    return tokens;
  }

  clear(): void {
    this.#count = this.#length = this.#units = 0;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function grown<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
