// A checksum that finds damage in a stored file while it is read. It is no protection from an
// attacker: only the page's own origin can write to its storage. SHA-256 by manifest.json is.

/** Sums 32-bit words, and the sums: Fletcher's checksum with a word of 32 bits. */
export class Checksum {
  #a = 1;
  #b = 0;
  #length = 0;
  readonly #rest = new Uint8Array(4);

  /** Adds the next bytes. */
  add(bytes: Uint8Array): void {
    let from = 0;
    const held = this.#length % 4;
    this.#length += bytes.length;
    if (held > 0) {
      from = Math.min(4 - held, bytes.length);
      this.#rest.set(bytes.subarray(0, from), held);
      if (held + from < 4) return;
      this.#words(new Uint32Array(this.#rest.buffer));
    }
    let body = bytes.subarray(from);
    if (body.byteOffset % 4 !== 0) body = body.slice();
    this.#words(new Uint32Array(body.buffer, body.byteOffset, body.length >> 2));
    this.#rest.set(body.subarray(body.length & ~3));
  }

  /** The checksum of all bytes so far. */
  value(): string {
    const copy = new Checksum();
    copy.#a = this.#a;
    copy.#b = this.#b;
    const held = this.#length % 4;
    if (held > 0) {
      copy.#rest.fill(0);
      copy.#rest.set(this.#rest.subarray(0, held));
      copy.#words(new Uint32Array(copy.#rest.buffer));
    }
    const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
    return `${hex(copy.#b)}${hex(copy.#a)}-${this.#length}`;
  }

  #words(words: Uint32Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < words.length; i++) {
      a = (a + words[i]!) | 0;
      b = (b + a) | 0;
    }
    this.#a = a;
    this.#b = b;
  }
}
