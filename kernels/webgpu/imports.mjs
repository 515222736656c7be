// The imports "webgpu" of a Go program: the calls of the bridge (bridge.mjs), which may be
// opened later or never.
//
//	Object.assign(go.importObject, { webgpu: webgpuImports(go, () => bridge) });
//
// go is the Go object of wasm_exec.js that will run the program.

export function webgpuImports(go, bridge) {
  let bytes = new Uint8Array(0);
  let words = new Uint32Array(0);
  const fresh = () => {
    const { buffer } = go.mem;
    if (bytes.buffer !== buffer) {
      bytes = new Uint8Array(buffer);
      words = new Uint32Array(buffer);
    }
  };
  return {
    play: (at, n) => {
      fresh();
      bridge().play(words, (at >>> 0) / 4, n);
    },
    write: (segment, at, from, n) => {
      fresh();
      bridge().write(segment, at >>> 0, bytes, from >>> 0, n >>> 0);
    },
    grow: (segment, size) => bridge().grow(segment, size),
    read: (id, segment, at, to, n) =>
      bridge().read(id >>> 0, segment, at >>> 0, n >>> 0, (data) => {
        fresh();
        bytes.set(data, to >>> 0);
      }),
  };
}
