// The imports "kernels" of a Go program: the exports of a kernel module, and the copies
// between the two memories.
//
//	Object.assign(go.importObject, { kernels: kernelImports(exports, go) });
//
// exports are those of the module's instance (chooseKernels in choose.mjs). go is the Go
// object of wasm_exec.js that will run the program.

/** The largest number of bytes copied one by one: a view would take longer and be garbage. */
const FEW = 512;

export function kernelImports(exports, go) {
  const ours = bytesOf(() => exports.memory.buffer);
  const theirs = goBytes(go);
  // The view of the last copy: a decoder reads the same number of logits from the same place for every token.
  let part = new Uint8Array(0);
  const copy = (to, at, from, start, n) => {
    if (n <= FEW) {
      for (let i = 0; i < n; i++) to[at + i] = from[start + i];
      return;
    }
    if (part.buffer !== from.buffer || part.byteOffset !== start || part.length !== n) part = from.subarray(start, start + n);
    to.set(part, at);
  };
  return {
    ...exports,
    /** Copies n bytes at start of the kernels' memory to at in Go's. */
    read: (at, start, n) => copy(theirs(), at >>> 0, ours(), start >>> 0, n),
    /** Copies n bytes at start of Go's memory to at in the kernels'. */
    write: (at, start, n) => copy(ours(), at >>> 0, theirs(), start >>> 0, n),
  };
}

/** Returns a function that returns all bytes of a Go program's memory, once it runs. */
export function goBytes(go) {
  return bytesOf(() => go.mem.buffer);
}

/** A memory that has grown has a new buffer and needs a new view. */
function bytesOf(buffer) {
  let all = new Uint8Array(0);
  return () => (all.buffer === buffer() ? all : (all = new Uint8Array(buffer())));
}
