// The form of a saved index: that of models/vectorsearch/format.go, and behind it the metadata
// of the page, u32 "LSVM", u32 bytes, JSON.
import { LodestoneError } from '../../protocol/error.js';
import { type ScanKernels } from './memory.js';
import { MOST_DIM, MOST_IDS, PAGE_ROWS, Vectors } from './vectors.js';

const MAGIC = 0x4956534c; // "LSVI"
const METADATA = 0x4d56534c; // "LSVM"
const VERSION = 1;
const MOST_CLUSTERS = 1 << 16;

/** Gives an index to a function in parts. A part is valid until the function returns. */
export function save(x: Vectors, metadata: Uint8Array, emit: (part: Uint8Array) => void): void {
  emit(numbers(MAGIC, VERSION, x.dim, x.next, x.centroids?.count ?? 0, x.probes));
  if (x.centroids) emit(rows(x, x.centroids.rows, x.centroids.scales, x.centroids.count));
  for (const list of x.lists) {
    emit(numbers(list.ids.length));
    emit(bytesOf(Uint32Array.from(list.ids)));
    for (const [p, page] of list.pages.entries()) {
      const n = Math.min(PAGE_ROWS, list.ids.length - p * PAGE_ROWS);
      if (n > 0) emit(rows(x, page, page + PAGE_ROWS * x.padded, n));
    }
  }
  emit(numbers(METADATA, metadata.length));
  emit(metadata);
}

/** The bytes of a saved index. */
export function savedBytes(x: Vectors, metadata: number): number {
  return 24 + (4 + x.padded) * ((x.centroids?.count ?? 0) + x.count) + 4 * (x.lists.length + x.count) + 8 + metadata;
}

function numbers(...list: number[]): Uint8Array {
  return bytesOf(Uint32Array.from(list));
}

/** The bytes of numbers, which WebAssembly's platforms hold little-endian. */
function bytesOf(a: Uint32Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

function rows(x: Vectors, at: number, scales: number, n: number): Uint8Array {
  const size = 4 + x.padded;
  const out = new Uint8Array(n * size);
  const all = new Uint8Array(x.memory.kernels.memory.buffer);
  for (let i = 0; i < n; i++) {
    out.set(all.subarray(scales + 4 * i, scales + 4 * i + 4), i * size);
    out.set(all.subarray(at + i * x.padded, at + (i + 1) * x.padded), i * size + 4);
  }
  return out;
}

/** Reads a saved index. `take` returns the next n bytes, or fewer at the end. */
export function load(kernels: ScanKernels, take: (n: number) => Uint8Array): { vectors: Vectors; metadata: Uint8Array } {
  const exactly = (n: number): DataView => {
    const b = take(n);
    if (b.length < n) throw notSaved('it is cut off');
    return new DataView(b.buffer, b.byteOffset, n);
  };
  const head = take(24);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length < 24 || view.getUint32(0, true) !== MAGIC) throw notSaved('it does not begin with "LSVI"');
  const [version, dim, next, clusters, probes] = [4, 8, 12, 16, 20].map((at) => view.getUint32(at, true)) as [number, number, number, number, number];
  if (version !== VERSION) throw notSaved(`it has version ${version}, expected ${VERSION}`);
  if (dim < 1 || dim > MOST_DIM) throw notSaved(`its vectors have ${dim} numbers; 1 to ${MOST_DIM} are supported`);
  if (next > MOST_IDS || clusters > MOST_CLUSTERS || probes > clusters || (clusters > 0 && probes === 0)) throw notSaved(`it has ${next} ids and ${clusters} clusters, ${probes} of them read`);
  const x = new Vectors(kernels, dim);
  const row = (): { row: Int8Array; scale: number } => {
    const v = exactly(4 + x.padded);
    const scale = v.getFloat32(0, true);
    if (!(scale >= 0 && scale < Infinity)) throw notSaved(`a scale is ${scale}`);
    return { row: new Int8Array(v.buffer, v.byteOffset + 4, x.padded), scale };
  };
  if (clusters > 0) {
    // The rows are read before memory for all of them is taken: a short file is cheap.
    const read = Array.from({ length: clusters }, () => {
      const { row: r, scale } = row();
      return { row: r.slice(), scale };
    });
    x.centroids = x.newCentroids(clusters);
    x.probes = probes;
    x.lists = read.map(() => ({ pages: [], ids: [] }));
    for (const [c, { row: r, scale }] of read.entries()) {
      x.memory.i8(x.centroids.rows + c * x.padded, x.padded).set(r);
      x.memory.f32(x.centroids.scales + 4 * c, 1)[0] = scale;
    }
  }
  for (let l = 0; l < x.lists.length; l++) {
    const n = exactly(4).getUint32(0, true);
    if (n > next - x.count) throw notSaved(`a list has ${n} vectors, of ${next} ids`);
    const ids: number[] = [];
    for (let i = 0; i < n; i++) {
      const id = exactly(4).getUint32(0, true);
      if (id >= next) throw notSaved(`the id ${id} is not below ${next}`);
      ids.push(id);
    }
    for (const id of ids) {
      // Memory for ids grows with what is read, not with what the head promises.
      x.reserve(id + 1);
      if (x.places.list[id]! >= 0) throw notSaved(`the id ${id} stands twice`);
      const { row: r, scale } = row();
      x.append(l, id, r, scale);
      x.count++;
    }
  }
  x.reserve(next);
  x.next = next;
  return { vectors: x, metadata: metadataOf(take) };
}

function metadataOf(take: (n: number) => Uint8Array): Uint8Array {
  const head = take(8);
  if (head.length === 0) return new Uint8Array(0); // saved by package vectorsearch
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length < 8 || view.getUint32(0, true) !== METADATA) throw notSaved('something else than metadata follows the vectors');
  const n = view.getUint32(4, true);
  const metadata = take(n).slice();
  if (metadata.length < n) throw notSaved('its metadata is cut off');
  return metadata;
}

function notSaved(why: string): LodestoneError {
  return new LodestoneError('invalid_argument', `VectorIndex: this is not a saved index: ${why}; save it again`);
}
