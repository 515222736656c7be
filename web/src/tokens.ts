// Tokens between the Go program and the next message to the page.
import type { Tokens } from './protocol.js';

/** Keeps tokens until they are sent. A token allocates nothing, unless more wait than ever did. */
export class Kept {
  #numbers = new Int32Array(3 * 64); // as in Tokens
  #bytes = new Uint8Array(1024); // UTF-8
  #count = 0; // of #numbers
  #length = 0; // of #bytes
  #units = 0; // of UTF-16 in these

  /** Adds a token whose text is n bytes of memory at at: whole characters. */
  add(sequence: number, id: number, memory: Uint8Array, at: number, n: number): void {
    if (this.#count === this.#numbers.length) this.#numbers = copied(this.#numbers, new Int32Array(2 * this.#count));
    if (this.#length + n > this.#bytes.length) this.#bytes = copied(this.#bytes, new Uint8Array(2 * (this.#length + n)));
    for (let i = at; i < at + n; i++) {
      const b = memory[i]!;
      this.#bytes[this.#length++] = b;
      if (b < 0x80 || b >= 0xc0) this.#units += b < 0xf0 ? 1 : 2; // the first byte of a character
    }
    this.#numbers[this.#count++] = sequence;
    this.#numbers[this.#count++] = id;
    this.#numbers[this.#count++] = this.#units;
  }

  /** What was kept, which it then forgets; null if that is nothing. */
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

function copied<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Calls f with the id and the text of each token. */
export function eachToken({ numbers, text }: Tokens, f: (id: number, text: string) => void): void {
  let begin = 0;
  for (let i = 0; i < numbers.length; i += 3) {
    const end = numbers[i + 2]!;
    f(numbers[i + 1]!, text.slice(begin, end));
    begin = end;
  }
}
