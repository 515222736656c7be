/** The calls of the bridge that the Go program makes. */
export interface BridgeCalls {
  play(words: Uint32Array, at: number, n: number): void;
  write(segment: number, at: number, bytes: Uint8Array, from: number, n: number): void;
  grow(segment: number, size: number): void;
  read(id: number, segment: number, at: number, n: number, take: (data: Uint8Array) => void): void;
}
export function webgpuImports(go: { mem: DataView }, bridge: () => unknown): WebAssembly.ModuleImports;
