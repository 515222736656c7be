// What a Go program imports as "kernels": the exports of a kernel module, and the copies
// between the two memories.
//
//	Object.assign(go.importObject, { kernels: kernelImports(exports, go) });
//
// exports are those of the module's instance (chooseKernels in choose.mjs), go is the Go
// object of wasm_exec.js that is to run the program.

/** The most bytes that are copied one by one: a view of them costs more, and is garbage. */
const FEW = 512;

export function kernelImports(exports, go) {
  const ours = bytesOf(() => exports.memory.buffer);
  const theirs = goBytes(go);
  // A view of the part that was copied last: a decoder reads as many logits from the same place for every token.
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
    /** Copies n bytes of the kernels' memory at start to Go's at at. */
    read: (at, start, n) => copy(theirs(), at >>> 0, ours(), start >>> 0, n),
    /** Copies n bytes of Go's memory at start to the kernels' at at. */
    write: (at, start, n) => copy(ours(), at >>> 0, theirs(), start >>> 0, n),
  };
}

/** A function that gives all bytes of a Go program's memory, once it runs. */
export function goBytes(go) {
  return bytesOf(() => go.mem.buffer);
}

/** A memory that grew has another buffer, and needs another view. */
function bytesOf(buffer) {
  let all = new Uint8Array(0);
  return () => (all.buffer === buffer() ? all : (all = new Uint8Array(buffer())));
}
